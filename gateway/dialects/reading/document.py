"""Read a JSON body without changing or copying it.

As tolerant as the most tolerant reader upstream: NaN, lone surrogates, control characters, any nesting, keys
named twice (every occurrence is kept). Nodes are made when asked for, and only then.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from gateway.dialects.reading.json_table import OPEN_ARRAY, OPEN_OBJECT, Table, TooManyValuesError, read_table
from gateway.dialects.reading.json_text import NotJsonError, Text

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


class NotAnObjectError(NotJsonError):
    """The body is JSON, but no object."""

    reason = "not_an_object"


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


@dataclass(frozen=True)
class Object:
    """A JSON object; the root of a document is one."""

    table: Table = field(repr=False)
    entry: int

    @property
    def items(self) -> "list[tuple[str, Node]]":
        """Every key and its value, in order; keys named twice come twice."""
        return list(self)

    def __iter__(self) -> "Iterator[tuple[str, Node]]":
        return ((self.table.text(key).text(), _node(self.table, key + 1)) for key in self._keys())

    def all(self, key: str) -> "list[Node]":
        """Return the values of every occurrence of a key."""
        wanted = key.encode()
        return [_node(self.table, at + 1) for at in self._keys() if self._is(at, wanted)]

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

    def _is(self, entry: int, wanted: bytes) -> bool:
        start, end = self.table.starts[entry] + 1, self.table.ends[entry] - 1
        if end - start == len(wanted):
            return self.table.body.startswith(wanted, start)
        return self.table.body.find(b"\\", start, end) >= 0 and self.table.text(entry).value() == wanted


@dataclass(frozen=True)
class Array:
    """A JSON array."""

    table: Table = field(repr=False)
    entry: int

    @property
    def items(self) -> "list[Node]":
        """Every element, in order."""
        return list(self)

    def __iter__(self) -> "Iterator[Node]":
        entry, end = self.entry + 1, self.table.ends[self.entry]
        while entry < end:
            yield _node(self.table, entry)
            entry = self.table.after(entry)


Node = Object | Array | Text | Scalar


def read_document(body: bytes, *, max_values: int) -> Object:
    """Read a body whose root is an object.

    Raises:
        NotJsonError: It is not JSON, or (NotAnObjectError) no object.
        TooManyValuesError: It has more than `max_values` values.
    """
    root = _node(read_table(body, max_values=max_values), 0)
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
            yield from ((f"{path}[{index}]", element) for index, element in enumerate(node))
        else:
            yield path, node


def _node(table: Table, entry: int) -> Node:
    kind = table.kind(entry)
    if kind == OPEN_OBJECT:
        return Object(table, entry)
    if kind == OPEN_ARRAY:
        return Array(table, entry)
    if table.is_string(entry):
        return table.text(entry)
    return Scalar(table.body, table.starts[entry], table.ends[entry])
