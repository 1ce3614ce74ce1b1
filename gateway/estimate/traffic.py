"""Find the pictures of somebody's traffic: in files, in folders, in recorded requests (HAR, JSON lines).

Recorded requests are read by the dialects, as the gateway reads them. What cannot be read is told with a
reason, and the search goes on.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calibration.pictures import PICTURE_SUFFIXES
from gateway.dialects.protocol import Dialect, Slot
from gateway.dialects.reading.data_url import NotInlineError
from gateway.dialects.reading.document import NotJsonError, TooManyValuesError, read_document
from gateway.dialects.reading.sources import Unseen
from gateway.dialects.registry import DIALECTS
from gateway.errors import BadPathError
from gateway.relay.paths import read_target

RECORD_SUFFIXES = frozenset({".har", ".json", ".jsonl", ".ndjson"})

_LINE_SUFFIXES = frozenset({".jsonl", ".ndjson"})
_BODIES = ("body", "request_body", "requestBody", "request", "payload")  # of a line that wraps a request
_PATHS = ("path", "url", "endpoint", "uri")
_MOST_VALUES = 2_000_000  # of one body


@dataclass(frozen=True)
class Found:
    """One picture, or one place where something could not be read."""

    name: str  # a file, and the place within it
    data: bytes = b""
    problem: str = ""  # one word, and then a picture is not there
    detail: str = ""  # the level its request asks for; empty: none
    is_framed: bool = False  # its request has computer tools: its frame stays


@dataclass(frozen=True)
class _Request:
    """One recorded request."""

    name: str
    path: str  # empty: not recorded
    body: bytes


def find_files(paths: list[Path]) -> list[Path]:
    """List the files to read: those named, and pictures and records below the folders named.

    Raises:
        FileNotFoundError: A path does not exist.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            wanted = PICTURE_SUFFIXES | RECORD_SUFFIXES
            below = (file for file in path.rglob("*") if file.suffix.lower() in wanted and file.is_file())
            found += sorted(below)
        elif path.exists():
            found.append(path)
        else:
            raise FileNotFoundError(f"{path}: expected a picture, a folder or recorded requests, got nothing")
    return list(dict.fromkeys(found))


def pictures_in(file: Path) -> Iterator[Found]:
    """Yield the picture a file is, or those in the requests it records."""
    try:
        if file.suffix.lower() not in RECORD_SUFFIXES:
            yield Found(str(file), file.read_bytes())
            return
        for request in _requests(file):
            if isinstance(request, Found):
                yield request
            else:
                yield from _pictures_of(request)
    except OSError:
        yield Found(str(file), problem="unreadable_file")


def _requests(file: Path) -> Iterator[_Request | Found]:
    """Read a HAR, one body, a list of bodies, or one a line: then no more than a line is in memory."""
    if file.suffix.lower() not in _LINE_SUFFIXES:
        whole = _parse(file.read_bytes())
        if whole is not None:
            yield from _of_record(str(file), whole)
            return
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield from _of_line(f"{file}:{number}", line)


def _of_line(name: str, line: bytes) -> Iterator[_Request | Found]:
    record = _parse(line)
    if record is None:
        yield Found(name, problem="not_json")
    else:
        yield from _of_record(name, record)


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _of_record(name: str, record: Any) -> Iterator[_Request | Found]:
    if isinstance(record, list) and all(isinstance(inner, dict) for inner in record):
        for number, inner in enumerate(record, start=1):
            yield from _of_record(f"{name}[{number}]", inner)
        return
    if not isinstance(record, dict):
        yield Found(name, problem="not_a_request")
        return
    if isinstance(record.get("log"), dict):
        yield from _of_har(name, record["log"])
        return
    yield _Request(name, _path_of(record), _body_of(record))


def _of_har(name: str, log: dict[str, Any]) -> Iterator[_Request | Found]:
    """Read the entries that sent something; pages and scripts that were only fetched are passed over."""
    entries = log.get("entries")
    for number, entry in enumerate(entries if isinstance(entries, list) else [], start=1):
        request = _member(entry, "request")
        text = _member(request, "postData").get("text")
        if isinstance(text, str) and text:
            yield _Request(f"{name}[{number}]", _path_of(request), text.encode("utf-8", "surrogatepass"))


def _member(record: Any, key: str) -> dict[str, Any]:
    """Return the object at a key, an empty one where there is none."""
    inner = record.get(key) if isinstance(record, dict) else None
    return inner if isinstance(inner, dict) else {}


def _path_of(record: dict[str, Any]) -> str:
    named = next((record[key] for key in _PATHS if isinstance(record.get(key), str)), "")
    try:
        return read_target(named.partition("?")[0].encode("utf-8", "replace")).plain if named else ""
    except BadPathError:
        return ""


def _body_of(record: dict[str, Any]) -> bytes:
    """Return the request a record wraps, or the record itself where it is one."""
    for key in _BODIES:
        inner = record.get(key)
        if isinstance(inner, dict):
            return _body_of(inner) if any(name in inner for name in _BODIES) else _encode(inner)
        if isinstance(inner, str) and inner.lstrip().startswith("{"):
            return inner.encode("utf-8", "surrogatepass")
    return _encode(record)


def _encode(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _pictures_of(request: _Request) -> Iterator[Found]:
    try:
        document = read_document(request.body, max_values=_MOST_VALUES)
        slots = _slots(request, document)
    except (NotJsonError, TooManyValuesError) as error:
        yield Found(request.name, problem=getattr(error, "reason", "too_many_values"))
        return
    for slot in slots:
        name = f"{request.name} {slot.where}"
        try:
            yield Found(name, slot.source.read().data, detail=slot.detail, is_framed=slot.is_framed)
        except NotInlineError as error:
            yield Found(name, problem=error.reason)
        except ValueError:
            yield Found(name, problem="unreadable_string")


def _slots(request: _Request, document: Any) -> list[Slot]:
    """Ask the dialect whose path it is; where no path was recorded, whoever sees most pictures."""
    theirs = next((dialect for dialect in DIALECTS if request.path and dialect.takes(request.path)), None)
    asked: Sequence[Dialect] = DIALECTS if theirs is None else (theirs,)
    return max((list(dialect.slots(document)) for dialect in asked), key=_inline_count)


def _inline_count(slots: list[Slot]) -> tuple[int, int]:
    unseen = sum(isinstance(slot.source, Unseen) for slot in slots)
    return len(slots) - unseen, -unseen
