"""A JSON string where it lies in a body, read in short steps so that no other thread waits for long."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

WINDOW_BYTES = 65_536  # what one step of a regular expression may look at: three milliseconds at worst
# No possessive group: before Python 3.11.5 (as in Debian 12) one that fails in its middle ends there,
# here inside an escape.
_IN_STRING = re.compile(rb'[^"\\]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\]*+)*')
_HIGH_SURROGATE_LAST = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\Z")
_QUOTE = ord('"')
_STRINGS = json.JSONDecoder(strict=False)


class NotJsonError(ValueError):
    """No reader would take the body for a JSON object; `reason` is one word for counters and headers."""

    reason = "not_json"


@dataclass(frozen=True)
class Text:
    """A JSON string where it lies."""

    body: bytes = field(repr=False)
    start: int  # of the opening quote
    end: int  # after the closing quote

    @property
    def is_plain(self) -> bool:
        """Whether it has no escapes, so that it reads as it lies."""
        return self.body.find(b"\\", self.start, self.end) < 0

    def value(self) -> bytes:
        """Return the text without quotes and escapes, UTF-8; lone surrogates are passed."""
        if self.is_plain:
            return self.body[self.start + 1 : self.end - 1]
        return b"".join(self._pieces())

    def view(self) -> memoryview:
        """Return the same as `value`, uncopied where that is possible."""
        if self.is_plain:
            return memoryview(self.body)[self.start + 1 : self.end - 1]
        return memoryview(self.value())

    def head(self, count: int) -> bytes:
        """Return the first `count` bytes of the value, or all if there are fewer."""
        if self.body.find(b"\\", self.start, min(self.end, self.start + 1 + count)) < 0:
            return self.body[self.start + 1 : min(self.end - 1, self.start + 1 + count)]
        # An escape is at most six bytes long, and becomes one byte or more.
        return next(self._pieces(window_bytes=6 * count + 12), b"")[:count]

    def text(self) -> str:
        """Return the value as characters; what is not UTF-8 is replaced."""
        return self.value().decode("utf-8", "replace")

    def _pieces(self, window_bytes: int = WINDOW_BYTES) -> Iterator[bytes]:
        position, end = self.start + 1, self.end - 1
        while position < end:
            stop = in_string(self.body, position, min(position + window_bytes, end))
            if stop < end:
                stop = _before_half(self.body, position, stop)
            piece = self.body[position:stop].decode("utf-8", "replace")
            yield str(_STRINGS.decode(f'"{piece}"')).encode("utf-8", "surrogatepass")
            position = stop


def _before_half(body: bytes, position: int, stop: int) -> int:
    """Return where to end a piece instead so that it cuts neither bytes nor surrogates of one character."""
    high = _HIGH_SURROGATE_LAST.search(body, max(position, stop - 6), stop)
    if high is not None:
        return high.start()
    for back in range(4):
        if body[stop - back] & 0xC0 != 0x80:  # not the continuation of a character in UTF-8
            return stop - back
    return stop


def through(pattern: re.Pattern[bytes], body: bytes, position: int) -> int:
    """Return where a repeated character class ends, in steps."""
    while True:
        found = pattern.match(body, position, position + WINDOW_BYTES)
        end = found.end() if found else position
        if end < position + WINDOW_BYTES:
            return end
        position = end


def in_string(body: bytes, position: int, stop: int) -> int:
    """Return where a piece of a string ends: at its quote, or about at `stop`, but never inside an escape.

    Raises:
        NotJsonError: There is an escape that JSON does not have, or the body ends.
    """
    found = _IN_STRING.match(body, position, stop)
    end = found.end() if found else position
    if end == position and body[end] != _QUOTE:
        raise NotJsonError(f"expected an escape of JSON at byte {end}")
    return end
