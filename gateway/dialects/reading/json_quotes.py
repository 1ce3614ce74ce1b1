"""Where strings with escapes end: the quotes of a body that no backslash escapes, many bytes at a time.

A result of a tool that holds JSON has an escape every few bytes; an expression takes one after the other.
"""

from bisect import bisect_left

import numpy as np
import numpy.typing as npt

from gateway.dialects.reading.json_text import NotJsonError

WINDOW_BYTES = 65_536  # what one step looks at: about a tenth of a millisecond
_LONGEST_ESCAPE = len(b"\\u0000")
_QUOTE, _BACKSLASH = b'"\\'


class Quotes:
    """The unescaped quotes of one body; asked for places that only grow, it reads each byte once."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._start = self._end = 0  # the window that was read
        self._found: list[int] = []  # quotes in it

    def after(self, position: int) -> int:
        """Return the place of the first unescaped quote at or after `position`, which is in no escape.

        Raises:
            NotJsonError: There is an escape on the way that JSON does not have, or the body ends.
        """
        while True:
            if not self._start <= position < self._end:
                self._read(position)
            place = bisect_left(self._found, position)
            if place < len(self._found):
                return self._found[place]
            position = self._end

    def _read(self, position: int) -> None:
        stop = min(position + WINDOW_BYTES, len(self._body))
        window = np.frombuffer(self._body, np.uint8, max(stop - position, 0), min(position, stop))
        escapes = _escapes_in(window)
        end = len(window)
        if len(escapes) and escapes[-1] + _LONGEST_ESCAPE > end and stop < len(self._body):
            end, escapes = int(escapes[-1]), escapes[:-1]  # it may go on behind the window
        if end == 0 or (len(escapes) and escapes[-1] + 1 == end):
            raise NotJsonError("the body ends in the middle of a string")
        _check(window, escapes, position)
        is_free = window == _QUOTE
        is_free[escapes + 1] = False
        self._start, self._end = position, position + end
        self._found = (np.flatnonzero(is_free[:end]) + position).tolist()


def _escapes_in(window: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    """Return where escapes begin: in a run of backslashes, every other one escapes what follows."""
    backslashes = np.flatnonzero(window == _BACKSLASH)
    is_first = np.diff(backslashes, prepend=-2) != 1
    runs = np.maximum.accumulate(np.where(is_first, backslashes, 0))  # where the run of each begins
    return np.asarray(backslashes[(backslashes - runs) & 1 == 0])


def _check(window: npt.NDArray[np.uint8], escapes: npt.NDArray[np.intp], position: int) -> None:
    letters = window[escapes + 1]
    wide = escapes[letters == ord("u")]
    # Digits that are cut off by the end of the body read as what stands there last, a bracket if it is JSON.
    digits = window[np.minimum(wide[:, None] + np.arange(2, _LONGEST_ESCAPE), len(window) - 1)]
    if not _MAY_FOLLOW[letters].all() or not _IS_HEX[digits].all():
        raise NotJsonError(f"expected escapes of JSON behind byte {position}")


def _table_of(characters: bytes) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, dtype=bool)
    table[list(characters)] = True
    return table


_MAY_FOLLOW, _IS_HEX = _table_of(b'"\\/bfnrtu'), _table_of(b"0123456789abcdefABCDEF")
