"""Let connections with much to read take turns, so that a health check between them is answered soon.

Reading a large piece costs a millisecond where its memory is new. Of the connections that have just read one,
so many go on in each turn of the event loop; all others are read as their bytes come.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

_AT_ONCE = 2


class ReadingTurns:
    """Those that wait to read on; event loop only."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_due = False

    def wait(self, read_on: Callable[[], None]) -> None:
        """Call back when it is this connection's turn."""
        self._waiting.append(read_on)
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._next)

    def _next(self) -> None:
        for _ in range(min(_AT_ONCE, len(self._waiting))):
            self._waiting.popleft()()
        self._is_due = bool(self._waiting)
        if self._is_due:
            self._loop.call_soon(self._next)


def turns_of(server: Any, loop: asyncio.AbstractEventLoop) -> ReadingTurns:
    """Return the turns that all connections of one of uvicorn's servers share, by the state they share."""
    if not hasattr(server, "reading_turns"):
        server.reading_turns = ReadingTurns(loop)
    return cast(ReadingTurns, server.reading_turns)
