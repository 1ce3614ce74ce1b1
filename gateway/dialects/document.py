"""Read a JSON body without changing or copying it: where each value lies, and what lies in what.

As tolerant as the most tolerant reader upstream: NaN, lone surrogates, control characters, any nesting, keys
named twice (every occurrence is kept). It runs in short steps, so that other threads are never kept waiting
for long however the body is made, and holds two numbers per value instead of objects.
"""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from gateway.dialects.json_text import WINDOW_BYTES, NotJsonError, Text, in_string, through

__all__ = [
    "Array",
    "Fields",
    "Node",
    "NotAnObjectError",
    "NotJsonError",
    "Object",
    "Scalar",
    "Text",
    "TooManyValuesError",
    "children",
    "read_document",
    "strings",
]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SPACES = re.compile(rb"[ \t\n\r]*+")
_NUMBER_PIECE = re.compile(rb"[-+.0-9eE]*+")
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?")
_WORD = re.compile(rb"true|false|null|NaN|-?Infinity")
_QUOTE, _COMMA, _COLON, _BLANK = b'",: '
_OPEN_OBJECT, _CLOSE_OBJECT, _OPEN_ARRAY, _CLOSE_ARRAY = b"{}[]"
_CLOSERS = {_OPEN_OBJECT: _CLOSE_OBJECT, _OPEN_ARRAY: _CLOSE_ARRAY}


class NotAnObjectError(NotJsonError):
    """The body is JSON, but no object."""

    reason = "not_an_object"


class TooManyValuesError(ValueError):
    """The body has more values than may be looked at."""

    reason = "too_many_values"


class Fields(Protocol):
    """What names the model: an `Object`, or the mapping another parser made of the body."""

    def get(self, key: str, /) -> object:
        """Return a string for a string, something else for anything else."""
        ...


@dataclass(frozen=True)
class Scalar:
    """A number, true, false, null, or what readers take for a number."""

    body: bytes = field(repr=False)
    start: int
    end: int


class _Table:
    """Where every key and value lies, in the order of the body."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.starts = array("q")
        # The place after a string or scalar; of an object or array the entry after everything in it.
        self.ends = array("q")

    def node(self, entry: int) -> "Node":
        start = self.starts[entry]
        opener = self.body[start]
        if opener == _QUOTE:
            return Text(self.body, start, self.ends[entry])
        if opener == _OPEN_OBJECT:
            return Object(self, entry)
        if opener == _OPEN_ARRAY:
            return Array(self, entry)
        return Scalar(self.body, start, self.ends[entry])

    def after(self, entry: int) -> int:
        """Return the entry after a value and everything in it."""
        return self.ends[entry] if self.body[self.starts[entry]] in _CLOSERS else entry + 1


@dataclass(frozen=True)
class Object:
    """A JSON object; the root of a document is one."""

    table: _Table = field(repr=False)
    entry: int

    @property
    def items(self) -> "list[tuple[str, Node]]":
        """Every key and its value, in order; keys named twice come twice."""
        return [(self._text(key).text(), self.table.node(key + 1)) for key in self._keys()]

    def all(self, key: str) -> "list[Node]":
        """Return the values of every occurrence of a key."""
        wanted = key.encode()
        return [self.table.node(at + 1) for at in self._keys() if self._is(at, wanted)]

    def get(self, key: str, /) -> object:
        """Return the last value of a key as most readers do: characters for a string, None for nothing."""
        values = self.all(key)
        last = values[-1] if values else None
        return last.text() if isinstance(last, Text) else last

    def _keys(self) -> Iterator[int]:
        entry, end = self.entry + 1, self.table.ends[self.entry]
        while entry < end:
            yield entry
            entry = self.table.after(entry + 1)

    def _text(self, entry: int) -> Text:
        return Text(self.table.body, self.table.starts[entry], self.table.ends[entry])

    def _is(self, entry: int, wanted: bytes) -> bool:
        start, end = self.table.starts[entry] + 1, self.table.ends[entry] - 1
        if end - start == len(wanted):
            return self.table.body.startswith(wanted, start)
        return self.table.body.find(b"\\", start, end) >= 0 and self._text(entry).value() == wanted


@dataclass(frozen=True)
class Array:
    """A JSON array."""

    table: _Table = field(repr=False)
    entry: int

    @property
    def items(self) -> "list[Node]":
        """Every element, in order."""
        return [self.table.node(entry) for entry in self._elements()]

    def _elements(self) -> Iterator[int]:
        entry, end = self.entry + 1, self.table.ends[self.entry]
        while entry < end:
            yield entry
            entry = self.table.after(entry)


Node = Object | Array | Text | Scalar


def read_document(body: bytes, *, max_values: int) -> Object:
    """Read a body whose root is an object.

    Raises:
        NotJsonError: It is not JSON, or (NotAnObjectError) no object.
        TooManyValuesError: It has more than `max_values` values.
    """
    reader = _Reader(body, max_values)
    try:
        reader.read()
    except IndexError as error:
        raise NotJsonError("the body ends in the middle of a value") from error
    root = reader.table.node(0)
    if not isinstance(root, Object):
        raise NotAnObjectError("expected a JSON object")
    return root


def children(parent: Object, key: str, where: str = "") -> Iterator[tuple[str, Object]]:
    """Yield the objects under a key, with their readable paths: one by itself, or those of an array."""
    return ((path, node) for path, node in _under(parent, key, where) if isinstance(node, Object))


def strings(parent: Object, key: str, where: str = "") -> Iterator[tuple[str, Text]]:
    """Yield the strings under a key, with their readable paths: one by itself, or those of an array."""
    return ((path, node) for path, node in _under(parent, key, where) if isinstance(node, Text))


def _under(parent: Object, key: str, where: str) -> Iterator[tuple[str, Node]]:
    path = f"{where}.{key}" if where else key
    for node in parent.all(key):
        if isinstance(node, Array):
            yield from ((f"{path}[{index}]", element) for index, element in enumerate(node.items))
        else:
            yield path, node


class _Reader:
    """One pass over a body; methods take a place in it and return the place where to go on."""

    def __init__(self, body: bytes, max_values: int) -> None:
        self.body = body
        self.table = _Table(body)
        self.max_values = max_values
        self.values = 0
        self.open: list[int] = []  # entries of the objects and arrays around the present place
        self.backslash = -1  # the first backslash that is not behind the present place

    def read(self) -> None:
        """Fill the table."""
        start = len(_BYTE_ORDER_MARK) if self.body.startswith(_BYTE_ORDER_MARK) else 0
        position, is_complete = self.value(self.space(start))
        while self.open:
            if is_complete:
                position, is_complete = self.after_value(self.space(position))
            else:
                position, is_complete = self.value(position)
        if self.space(position) != len(self.body):
            raise NotJsonError(f"something follows the document at byte {position}")

    def value(self, position: int) -> tuple[int, bool]:
        """Enter one value; False if it is an object or array with something in it, which comes next."""
        self.values += 1
        if self.values > self.max_values:
            raise TooManyValuesError(f"expected at most {self.max_values} values")
        opener = self.body[position]
        if opener == _QUOTE:
            return self.string(position), True
        if opener not in _CLOSERS:
            return self.scalar(position), True
        self.enter(position, 0)
        first = self.space(position + 1)
        if self.body[first] == _CLOSERS[opener]:
            self.table.ends[-1] = len(self.table.ends)
            return first + 1, True
        self.open.append(len(self.table.starts) - 1)
        return (self.key(first) if opener == _OPEN_OBJECT else first), False

    def after_value(self, position: int) -> tuple[int, bool]:
        """Take the comma or the end that follows a value; False if another value comes next."""
        around = self.open[-1]
        opener = self.body[self.table.starts[around]]
        found = self.body[position]
        if found == _COMMA:
            position = self.space(position + 1)
            return (self.key(position) if opener == _OPEN_OBJECT else position), False
        if found != _CLOSERS[opener]:
            raise NotJsonError(f"expected a comma or an end at byte {position}")
        self.open.pop()
        self.table.ends[around] = len(self.table.ends)
        return position + 1, True

    def key(self, position: int) -> int:
        """Enter a key; return where its value is."""
        if self.body[position] != _QUOTE:
            raise NotJsonError(f"expected a key at byte {position}")
        colon = self.space(self.string(position))
        if self.body[colon] != _COLON:
            raise NotJsonError(f"expected a colon at byte {colon}")
        return self.space(colon + 1)

    def string(self, position: int) -> int:
        """Enter a string; without escapes it is measured at the speed of memory."""
        if self.backslash < position:
            found = self.body.find(b"\\", position)
            self.backslash = len(self.body) if found < 0 else found
        quote = self.body.find(b'"', position + 1, self.backslash)
        if quote < 0:
            quote = self.escaped_string(self.backslash)
        self.enter(position, quote + 1)
        return quote + 1

    def escaped_string(self, position: int) -> int:
        """Return the place of the closing quote."""
        while True:
            stop = in_string(self.body, position, position + WINDOW_BYTES)
            if self.body[stop] == _QUOTE:
                return stop
            position = stop

    def scalar(self, position: int) -> int:
        """Enter a number or a word."""
        word = _WORD.match(self.body, position)
        end = word.end() if word else self.number(position)
        self.enter(position, end)
        return end

    def number(self, position: int) -> int:
        end = through(_NUMBER_PIECE, self.body, position)
        if end - position > WINDOW_BYTES:
            return end  # so long a number is its reader's affair
        if _NUMBER.fullmatch(self.body, position, end) is None:
            raise NotJsonError(f"expected a value at byte {position}")
        return end

    def space(self, position: int) -> int:
        if position < len(self.body) and self.body[position] > _BLANK:
            return position
        return through(_SPACES, self.body, position)

    def enter(self, start: int, end: int) -> None:
        self.table.starts.append(start)
        self.table.ends.append(end)
