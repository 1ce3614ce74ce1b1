"""Where every value of a JSON body lies, and what lies in what: three numbers per value instead of objects.

Runs in short steps, so that other threads are never kept waiting for long however the body is made.
"""

import re
from array import array
from collections.abc import Iterator

from gateway.dialects.reading.json_quotes import Quotes
from gateway.dialects.reading.json_text import WINDOW_BYTES, NotJsonError, Text, through

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SPACES = re.compile(rb"[ \t\n\r]*+")
_NUMBER_PIECE = re.compile(rb"[-+.0-9eE]*+")
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?")
_WORD = re.compile(rb"true|false|null|NaN|-?Infinity")
_QUOTE, _COMMA, _COLON, _BLANK = b'",: '
OPEN_OBJECT, _CLOSE_OBJECT, OPEN_ARRAY, _CLOSE_ARRAY = b"{}[]"
_CLOSERS = {OPEN_OBJECT: _CLOSE_OBJECT, OPEN_ARRAY: _CLOSE_ARRAY}
_DEEPEST_PATH = 64  # steps; nobody reads longer ones, and making them would take long


class TooManyValuesError(ValueError):
    """The body has more values than may be looked at."""

    reason = "too_many_values"


class Table:
    """Every key and value, in the order of the body; an entry is a place in these arrays."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.starts = array("q")
        # The place after a string or scalar; of an object or array the entry after everything in it.
        self.ends = array("q")
        self.parents = array("q")  # the entry of the object or array around it; -1 of the root

    def kind(self, entry: int) -> int:
        """Return the first byte: a quote, an opening bracket, or that of a number or word."""
        return self.body[self.starts[entry]]

    def is_string(self, entry: int) -> bool:
        """Tell strings, keys among them."""
        return self.kind(entry) == _QUOTE

    def is_key(self, entry: int) -> bool:
        """Tell keys from everything else."""
        if not self.is_string(entry):
            return False
        after = through(_SPACES, self.body, self.ends[entry])
        return self.body.startswith(b":", after)

    def text(self, entry: int) -> Text:
        """Return a string."""
        return Text(self.body, self.starts[entry], self.ends[entry])

    def after(self, entry: int) -> int:
        """Return the entry after a value and everything in it."""
        return self.ends[entry] if self.kind(entry) in _CLOSERS else entry + 1

    def within(self, entry: int) -> Iterator[int]:
        """Yield the elements of an array; of an object its keys, and its values."""
        at, end = entry + 1, self.ends[entry]
        while at < end:
            yield at
            at = self.after(at)

    def keys_around(self, entry: int) -> list[str] | None:
        """Return the keys a value lies under, innermost first; None if it lies too deep to tell."""
        keys: list[str] = []
        for _ in range(_DEEPEST_PATH):
            parent = self.parents[entry]
            if parent < 0:
                return keys
            if self.kind(parent) == OPEN_OBJECT:
                keys.append(self.text(entry - 1).text())
            entry = parent
        return None

    def path(self, entry: int) -> str:
        """Return where a value lies, such as messages[0].content; only the inner part of a deep one."""
        steps: list[str] = []
        while (parent := self.parents[entry]) >= 0 and len(steps) < _DEEPEST_PATH:
            is_member = self.kind(parent) == OPEN_OBJECT
            steps.append(
                f".{self.text(entry - 1).text()}" if is_member else f"[{self._place(parent, entry)}]"
            )
            entry = parent
        return "".join(reversed(steps)).removeprefix(".")

    def _place(self, parent: int, entry: int) -> int:
        place, at = 0, parent + 1
        while at < entry:
            place, at = place + 1, self.after(at)
        return place


def read_table(body: bytes, *, max_values: int) -> Table:
    """Find every value of a body.

    Raises:
        NotJsonError: It is not JSON.
        TooManyValuesError: It has more than `max_values` values.
    """
    reader = _Reader(body, max_values)
    try:
        reader.read()
    except IndexError as error:
        raise NotJsonError("the body ends in the middle of a value") from error
    return reader.table


class _Reader:
    """One pass over a body; methods take a place in it and return the place where to go on."""

    def __init__(self, body: bytes, max_values: int) -> None:
        self.body = body
        self.table = Table(body)
        self.max_values = max_values
        self.values = 0
        self.open: list[int] = []  # entries of the objects and arrays around the present place
        self.quotes = Quotes(body)
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
        return (self.key(first) if opener == OPEN_OBJECT else first), False

    def after_value(self, position: int) -> tuple[int, bool]:
        """Take the comma or the end that follows a value; False if another value comes next."""
        around = self.open[-1]
        opener = self.body[self.table.starts[around]]
        found = self.body[position]
        if found == _COMMA:
            position = self.space(position + 1)
            return (self.key(position) if opener == OPEN_OBJECT else position), False
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
            quote = self.quotes.after(self.backslash)
        self.enter(position, quote + 1)
        return quote + 1

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
        self.table.parents.append(self.open[-1] if self.open else -1)
