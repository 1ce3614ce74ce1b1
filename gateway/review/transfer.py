"""Take a store along as one tar archive, and put it back: flags as JSON lines, then the pictures they name.

Both walk: neither holds more than some flags and one picture. Restoring twice, or into a store that holds
some of it, changes nothing that is there; of an archive that breaks off comes what stands before the break.
"""

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import orjson

from calibration.whole_file import replacing
from gateway.review.filters import Filter
from gateway.review.flag import MARKS, Flag, is_id
from gateway.review.pictures import is_digest
from gateway.review.rows import flag_of, row_of
from gateway.review.store import Caught, ReviewStore

FORMAT = "jnd-review-export"
SCHEMA_VERSION = 1

_HEADING = "export.json"
_BATCH = 200
_MOST_LINES_BYTES = 256 * 1024 * 1024
_MOST_PICTURE_BYTES = 1024 * 1024 * 1024


class ArchiveError(ValueError):
    """A file is no export, or damaged; says where."""


@dataclass(frozen=True)
class Moved:
    """What went into an archive, or came out of one."""

    flags: int
    pictures: int


def export_store(store: ReviewStore, out: Path) -> Moved:
    """Write every flag, with the pictures, in place of what `out` holds; its owner alone may read it.

    Raises:
        OSError: The file cannot be written, or is none; what is there of it is removed.
    """
    flags, written = 0, set()
    with replacing(out, 0o600) as file, tarfile.open(fileobj=file, mode="w") as archive:
        heading = {"format": FORMAT, "schema_version": SCHEMA_VERSION}
        _put(archive, _HEADING, orjson.dumps(heading))
        for number, batch in enumerate(_batches(store.walk(Filter()))):
            _put(archive, f"flags/{number:06d}.jsonl", b"".join(_line(flag) for flag in batch))
            flags += len(batch)
            for digest in dict.fromkeys(flag.digest for flag in batch):
                data = None if digest in written else store.pictures.get(digest)
                if data is not None:
                    _put(archive, f"pictures/{digest}", data)
                    written.add(digest)
    return Moved(flags, len(written))


def restore_store(store: ReviewStore, archive_file: Path) -> Moved:
    """Read an archive into a store; what it holds already stays as it is. Raises as `restore_flags`."""
    return restore_flags(store, archive_file, store.restore_picture)


def restore_flags(store: ReviewStore, archive_file: Path, keep: Callable[[str, bytes], bool]) -> Moved:
    """Read the flags of an archive into a store, and hand every picture to `keep`: was it kept?

    Raises:
        ArchiveError: The file is none, or damaged.
        OSError: A file cannot be read or written.
    """
    flags = pictures = 0
    place = -1
    try:
        with tarfile.open(archive_file, "r|*") as archive:
            for place, member in enumerate(archive):
                content = archive.extractfile(member)
                if content is None:
                    raise ArchiveError(f"expected files alone, got {member.name!r}")
                if place == 0:
                    _check_heading(member, content)
                elif member.name.startswith("flags/"):
                    found = _flags(member, content)
                    store.add([Caught(flag, None) for flag in found])
                    flags += len(found)
                else:
                    pictures += keep(*_picture(member, content))
    except tarfile.TarError as error:
        raise ArchiveError(f"expected a whole tar archive: {error}") from error
    if place < 0:
        raise ArchiveError(f"expected a {FORMAT}, got an archive of nothing")
    return Moved(flags, pictures)


def _batches(flags: Iterator[Flag]) -> Iterator[Sequence[Flag]]:
    batch: list[Flag] = []
    for flag in flags:
        batch.append(flag)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _line(flag: Flag) -> bytes:
    return orjson.dumps(row_of(flag)) + b"\n"


def _put(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o600
    archive.addfile(member, io.BytesIO(data))


def _check_heading(member: tarfile.TarInfo, content: IO[bytes]) -> None:
    is_heading = member.name == _HEADING and member.size < _BATCH
    try:
        read = orjson.loads(content.read()) if is_heading else None
    except ValueError:
        read = None
    heading = read if isinstance(read, dict) else {}
    version = heading.get("schema_version", 0)
    if heading.get("format") != FORMAT or not isinstance(version, int) or version > SCHEMA_VERSION:
        raise ArchiveError(f"expected a {FORMAT} of version up to {SCHEMA_VERSION}")


def _flags(member: tarfile.TarInfo, content: IO[bytes]) -> list[Flag]:
    if member.size > _MOST_LINES_BYTES:
        raise ArchiveError(f"{member.name}: expected at most {_MOST_LINES_BYTES} bytes of flags")
    try:
        found = [flag_of(orjson.loads(line)) for line in content.read().splitlines()]
    except (LookupError, TypeError, ValueError) as error:
        raise ArchiveError(f"{member.name}: expected flags: {error}") from error
    if not all(_is_sound(flag) for flag in found):
        raise ArchiveError(f"{member.name}: expected flags with ids, hashes, marks, texts and numbers")
    return found


def _is_sound(flag: Flag) -> bool:
    """Tell whether the page could show a flag: databases take any text for a number."""
    texts = (flag.id, flag.digest, flag.outcome, flag.explanation, flag.action, flag.artifact, flag.stratum)
    numbers = (flag.p_value, flag.size_bytes, flag.width, flag.height)
    may_lack = (flag.jnd_ratio, flag.marked_at)
    return (
        all(isinstance(text, str) for text in (*texts, *vars(flag.request).values()))
        and all(isinstance(number, int | float) for number in numbers)
        and all(number is None or isinstance(number, int | float) for number in may_lack)
        and is_id(flag.id)
        and is_digest(flag.digest)
        and flag.mark in MARKS
    )


def _picture(member: tarfile.TarInfo, content: IO[bytes]) -> tuple[str, bytes]:
    """Return the hash and the file of a picture."""
    digest = Path(member.name).name
    if member.size > _MOST_PICTURE_BYTES:
        raise ArchiveError(f"{member.name}: expected a picture of at most {_MOST_PICTURE_BYTES} bytes")
    data = content.read()
    if hashlib.sha256(data).hexdigest() != digest:
        raise ArchiveError(f"{member.name}: expected the picture of that hash")
    return digest, data
