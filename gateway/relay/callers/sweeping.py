"""Look after callers' connections from time to time: one timer for all of a server, not one per request."""

import asyncio
from collections.abc import Collection
from typing import Any, Protocol, cast


class Swept(Protocol):
    """A connection that is looked after."""

    def sweep(self, now: float) -> None:
        """Close itself if it is too slow at this loop time."""
        ...


class Writing:
    """How long what was written to one connection has been waiting for the caller to take any of it."""

    def __init__(self) -> None:
        self._waiting_bytes = 0
        self._since = 0.0

    def stood_still(self, transport: asyncio.Transport, now: float) -> float:
        """Return the seconds since the caller was last seen to take something; 0 if nothing waits."""
        waiting_bytes = transport.get_write_buffer_size()
        has_moved = waiting_bytes != self._waiting_bytes
        self._waiting_bytes = waiting_bytes
        if has_moved or not waiting_bytes:
            self._since = now
        return now - self._since


class Sweeper:
    """Looks at all connections of a server, as long as there are any."""

    def __init__(self, connections: Collection[Swept], loop: asyncio.AbstractEventLoop) -> None:
        self._connections = connections
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    def start(self, pause_seconds: float) -> None:
        """Look every few seconds from now on, unless that is done already."""
        if self._timer is None:
            self._timer = self._loop.call_later(pause_seconds, self._sweep, pause_seconds)

    def _sweep(self, pause_seconds: float) -> None:
        now = self._loop.time()
        for connection in list(self._connections):
            connection.sweep(now)
        self._timer = None
        if self._connections:
            self.start(pause_seconds)


def watch(server: Any, loop: asyncio.AbstractEventLoop, pause_seconds: float) -> None:
    """Look after the connections of one of uvicorn's servers, by the state that these share."""
    if not hasattr(server, "sweeper"):
        server.sweeper = Sweeper(server.connections, loop)
    cast(Sweeper, server.sweeper).start(pause_seconds)
