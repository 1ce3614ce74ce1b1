"""A uvicorn server that drains as callers need it, on a socket it was given.

    stop accepting → answers say `connection: close` → idle connections close → the drain is over: what is
    left is told → connections of callers who do not listen are broken

Told to hurry, it passes to the end at once. Signals are the worker's affair.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Generator

import uvicorn

from gateway.relay.callers.drain import Drain
from gateway.serving.balance import Acceptor, Occupancy

log = logging.getLogger(__name__)

_LAST_WORDS_SECONDS = 1.5  # for errors to reach their callers
_LOOK_SECONDS = 0.02


class DrainingServer(uvicorn.Server):
    """Serves until `begin_drain`."""

    def __init__(
        self,
        config: uvicorn.Config,
        drain: Drain,
        *,
        occupancy: Occupancy,
        place: int,
        on_ready: Callable[[], None],
    ) -> None:
        """Take the place that is this process's alone among those that share the socket."""
        super().__init__(config)
        self._occupancy = occupancy
        self._place = place
        self._drain = drain
        self._on_ready = on_ready
        self._linger_seconds = 0.0
        self._drain_seconds = 0.0
        self._acceptors: list[Acceptor] = []
        self._is_draining = asyncio.Event()
        self._is_hurried = asyncio.Event()

    def begin_drain(self, drain_seconds: float, *, linger_seconds: float) -> None:
        """Stop accepting, and end once every answer is out or the time is over.

        Args:
            drain_seconds: For answers that are running.
            linger_seconds: That idle connections stay open: a request may be on its way.
        """
        self._drain.begin()
        self._drain_seconds = drain_seconds
        self._linger_seconds = min(linger_seconds, drain_seconds)
        self._is_draining.set()

    def hurry(self) -> None:
        """End the drain now."""
        self._drain.begin()
        self._is_draining.set()
        self._is_hurried.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, and say so."""
        await super().startup([])
        for listener in sockets or []:
            self._acceptors.append(self._accept_from(listener))
        self._on_ready()

    async def main_loop(self) -> None:
        """Serve until the drain begins."""
        await self.on_tick(0)  # sets the headers of every answer
        await self._is_draining.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's
        """Drain."""
        for acceptor in self._acceptors:
            acceptor.close()
        state = self.server_state
        state.default_headers = [*state.default_headers, (b"connection", b"close")]
        for connection in list(state.connections):
            if _is_answering(connection):
                connection.shutdown()
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self._until_idle(began + self._linger_seconds)
        for connection in list(state.connections):
            connection.shutdown()
        await self._until_idle(began + self._drain_seconds)
        await self._tell_the_rest()
        await self.lifespan.shutdown()

    def _accept_from(self, listener: socket.socket) -> Acceptor:
        """Accept, and keep the others informed of how many connections there are."""
        state, protocol = self.server_state, self.config.http_protocol_class

        class Counted(protocol):  # type: ignore[misc, valid-type]
            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                acceptor.note(len(state.connections))

        def new_connection() -> asyncio.Protocol:
            connection: asyncio.Protocol = Counted(
                config=self.config, server_state=state, app_state=self.lifespan.state
            )
            return connection

        acceptor = Acceptor(listener, new_connection, self._occupancy, self._place)
        return acceptor

    async def _tell_the_rest(self) -> None:
        state = self.server_state
        if not state.tasks and not state.connections:
            return
        log.warning("the drain is over with %d requests unanswered: they are told", len(state.tasks))
        self._drain.end()
        self._is_hurried.clear()
        await self._until_idle(asyncio.get_running_loop().time() + _LAST_WORDS_SECONDS)
        for connection in list(state.connections):
            connection.transport.abort()
        await self._until_idle(asyncio.get_running_loop().time() + _LAST_WORDS_SECONDS)

    async def _until_idle(self, deadline: float) -> None:
        """Wait until connections are closed and requests accounted for, but not beyond the deadline."""
        state, loop = self.server_state, asyncio.get_running_loop()
        # uvicorn keeps sets, and tells nobody when they are empty
        while (  # noqa: ASYNC110
            (state.connections or state.tasks) and loop.time() < deadline and not self._is_hurried.is_set()
        ):
            await asyncio.sleep(_LOOK_SECONDS)


def _is_answering(connection: object) -> bool:
    cycle = getattr(connection, "cycle", None)
    return cycle is not None and not cycle.response_complete
