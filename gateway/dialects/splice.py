"""Find strings in a raw JSON body by their path, and replace them without touching any other byte.

The body is never re-serialised: whitespace, key order, escapes and unknown fields arrive as the caller
wrote them. `locate` only measures where strings lie; whether the body is valid JSON, a parser must say, and
it need not read the long strings for that: `skeleton` leaves them out.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson

EACH = "*"  # a step into every element of an array
Path = tuple[str, ...]  # object keys and EACH, from the root

_LONG_BYTES = 4096
_SPACE = re.compile(rb"[ \t\n\r]*")
_BRACKET_OR_STRING = re.compile(rb'[\[\]{}]|"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SCALAR = re.compile(rb"[^\s,\]}]+")
_QUOTE, _COMMA, _BACKSLASH = b'",\\'
_OPEN_OBJECT, _CLOSE_OBJECT, _OPEN_ARRAY, _CLOSE_ARRAY = b"{}[]"


class AmbiguousKeysError(ValueError):
    """An object names a key twice on the way to a wanted string: readers disagree on which one counts."""


@dataclass(frozen=True)
class Span:
    """Where one JSON string lies in the body, quotes included."""

    start: int
    end: int
    where: str  # readable path, such as messages[0].content[1].image_url.url


@dataclass(frozen=True)
class Replacement:
    """What to put in the place of a span."""

    span: Span
    value: bytes  # a complete JSON string, quotes included


def locate(body: bytes, paths: Sequence[Path]) -> list[Span]:
    """Return the spans of all strings at `paths`, in the order of the body.

    Raises:
        AmbiguousKeysError: A key on a wanted path occurs twice in one object.
        ValueError: The body is not valid JSON; not every such body is noticed.
    """
    scan = _Scan(body)
    try:
        scan.value(scan.skip_space(0), list(paths), "")
    except IndexError as error:
        raise ValueError("the body ends in the middle of a value") from error
    return scan.found


def skeleton(body: bytes, spans: Iterable[Span]) -> bytes:
    """Return the body with its long spans emptied: valid JSON exactly if the body is, those strings aside."""
    return splice(body, [Replacement(span, b'""') for span in spans if span.end - span.start > _LONG_BYTES])


def string_at(body: bytes, span: Span) -> bytes:
    """Return the decoded text of a JSON string, UTF-8.

    Raises:
        ValueError: It has escapes, and they are not JSON's.
    """
    raw = body[span.start + 1 : span.end - 1]
    if _BACKSLASH not in raw:
        return raw
    return str(orjson.loads(body[span.start : span.end])).encode()


def splice(body: bytes, replacements: Iterable[Replacement]) -> bytes:
    """Return the body with these spans replaced; they must not overlap."""
    view = memoryview(body)
    parts: list[bytes | memoryview] = []
    position = 0
    for replacement in sorted(replacements, key=lambda each: each.span.start):
        if replacement.span.start < position:
            raise ValueError(f"spans overlap at byte {replacement.span.start}")
        parts += [view[position : replacement.span.start], replacement.value]
        position = replacement.span.end
    return b"".join([*parts, view[position:]])


class _Scan:
    """One pass over a body; each method takes the position of a value and returns the position after it."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.found: list[Span] = []

    def skip_space(self, position: int) -> int:
        match = _SPACE.match(self.body, position)
        return match.end() if match else position

    def value(self, position: int, paths: list[Path], where: str) -> int:
        """Measure one value, looking into it as far as `paths` lead."""
        opener = self.body[position]
        if opener == _QUOTE:
            end = self.string(position)
            if () in paths:
                self.found.append(Span(position, end, where))
            return end
        deeper = [path for path in paths if path]
        if opener == _OPEN_OBJECT and any(path[0] != EACH for path in deeper):
            return self.members(position, deeper, where)
        if opener == _OPEN_ARRAY and any(path[0] == EACH for path in deeper):
            inner = [path[1:] for path in deeper if path[0] == EACH]
            return self.elements(position, inner, where)
        return self.skip(position)

    def members(self, position: int, paths: list[Path], where: str) -> int:
        """Measure an object, key by key."""
        seen: set[str] = set()
        position = self.skip_space(position + 1)
        while self.body[position] != _CLOSE_OBJECT:
            if self.body[position] != _QUOTE:
                raise ValueError(f"expected a key at byte {position}")
            key_end = self.string(position)
            key = string_at(self.body, Span(position, key_end, "")).decode()
            inner = [path[1:] for path in paths if path[0] == key]
            if inner and key in seen:
                raise AmbiguousKeysError(f"the key {key!r} occurs twice in {where or 'the body'}")
            seen.add(key)
            colon = self.skip_space(key_end)
            start = self.skip_space(colon + 1)
            position = self.after_comma(self.value(start, inner, f"{where}.{key}" if where else key))
        return position + 1

    def elements(self, position: int, paths: list[Path], where: str) -> int:
        """Measure an array, element by element."""
        position = self.skip_space(position + 1)
        index = 0
        while self.body[position] != _CLOSE_ARRAY:
            position = self.after_comma(self.value(position, paths, f"{where}[{index}]"))
            index += 1
        return position + 1

    def after_comma(self, position: int) -> int:
        position = self.skip_space(position)
        return self.skip_space(position + 1) if self.body[position] == _COMMA else position

    def string(self, position: int) -> int:
        # bytes.find runs at memory speed, which matters for megabytes of base64.
        end = self.body.find(_QUOTE, position + 1)
        while self.is_escaped(end):
            end = self.body.find(_QUOTE, end + 1)
        if end < 0:
            raise ValueError(f"the string at byte {position} never ends")
        return end + 1

    def is_escaped(self, position: int) -> bool:
        before = position - 1
        while before >= 0 and self.body[before] == _BACKSLASH:
            before -= 1
        return (position - 1 - before) % 2 == 1

    def skip(self, position: int) -> int:
        """Measure a value nobody wants to look into."""
        if self.body[position] not in (_OPEN_OBJECT, _OPEN_ARRAY):
            match = _SCALAR.match(self.body, position)
            if match is None:
                raise ValueError(f"expected a value at byte {position}")
            return match.end()
        depth = 0
        for match in _BRACKET_OR_STRING.finditer(self.body, position):
            opener = self.body[match.start()]
            if opener in (_OPEN_OBJECT, _OPEN_ARRAY):
                depth += 1
            elif opener in (_CLOSE_OBJECT, _CLOSE_ARRAY):
                depth -= 1
                if depth == 0:
                    return match.end()
        raise ValueError(f"the value at byte {position} never ends")
