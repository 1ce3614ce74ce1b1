"""The request as it arrives: its headers, its body once, and the moment its sender hangs up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import cast

from starlette.types import Receive, Scope

from gateway.errors import BodyTimeoutError
from gateway.relay.admission import Reservation
from gateway.relay.callers.http_cycle import EXTENSION, Cycle
from gateway.relay.upstreams.answer import Headers

__all__ = ["BodyTooLargeError", "ClientHangUpError", "Headers", "Incoming"]


class ClientHangUpError(Exception):
    """The client closed the connection; nobody waits for the answer."""


class BodyTooLargeError(Exception):
    """The body exceeds the limit; what was read of it is still there for `chunks`."""


class Incoming:
    """One request; the body is read either whole or in pieces."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.headers: Headers = scope["headers"]
        self.raw_path: bytes = scope["raw_path"]
        self.query: bytes = scope["query_string"]
        self._receive = receive
        self._cycle: Cycle | None = scope.get("extensions", {}).get(EXTENSION)
        self._early: list[bytes] = []  # pieces read before `chunks` is asked for all of them
        self._is_complete = False
        self._watcher: asyncio.Future[None] | None = None
        self._on_hang_up: Callable[[], None] | None = None
        self.is_abandoned = False  # the client left in the middle of its body

    def header(self, name: bytes) -> bytes:
        """Return the first header of this lower-case name, or nothing."""
        for key, value in self.headers:
            if key == name:
                return value
        return b""

    def joined(self, name: bytes) -> bytes:
        """Return all values of a header that is a list, which may come in several lines (RFC 9110, 5.3)."""
        return b",".join([value for key, value in self.headers if key == name])

    @property
    def content_length(self) -> int | None:
        """The announced size of the body, if any."""
        announced = self.header(b"content-length")
        return int(announced) if announced.isdigit() else None

    @property
    def has_body(self) -> bool:
        """Whether the headers announce a body."""
        return bool(self.content_length) or bool(self.header(b"transfer-encoding"))

    @property
    def is_preflight(self) -> bool:
        """Whether a browser asks what it may send: a question that never comes with a key (CORS)."""
        return (
            self.method == "OPTIONS"
            and not self.has_body
            and bool(self.header(b"access-control-request-method"))
        )

    async def read(self, max_bytes: int, room: Reservation) -> bytes:
        """Return the whole body, in room that grows with it.

        Raises:
            BodyTooLargeError: It is longer, or announced to be.
            ClientHangUpError: The client left before its end.
            BodyTimeoutError: The client fell silent before its end, or took too long.
            QueueFullError: There is no room for it.
        """
        announced = self.content_length
        if announced is not None and announced > max_bytes:
            raise BodyTooLargeError
        if announced:
            room.expect(announced)
        cycle = self._cycle
        if cycle is None:
            return await self._join(max_bytes, room)
        if cycle.more_body:
            cycle.gathered_since = asyncio.get_running_loop().time()
        try:
            if announced is None:
                return await self._join(max_bytes, room)
            return await self._gather(cycle, max_bytes, room, announced)
        finally:
            cycle.gathered_since = 0.0

    async def _gather(self, cycle: Cycle, max_bytes: int, room: Reservation, announced: int) -> bytes:
        if cycle.more_body:
            await cycle.gather(max_bytes, announced, room.reach)
        else:
            room.reach(announced)
        if cycle.is_broken:
            self._break_off()
        self._finish()
        return cycle.take()

    async def _join(self, max_bytes: int, room: Reservation) -> bytes:
        size = 0
        while not self._is_complete:
            piece = await self._next()
            self._early.append(piece)
            size += len(piece)
            if size > max_bytes:
                raise BodyTooLargeError
            room.reach(size)
        body = self._early[0] if len(self._early) == 1 else b"".join(self._early)
        self._early.clear()
        return body

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body in pieces as they arrive, those already read first."""
        while self._early:
            yield self._early.pop(0)
        while not self._is_complete:
            piece = await self._next()
            if piece:
                yield piece

    def without_body(self) -> None:
        """State that nobody will read the body, because there is none."""
        self._finish()

    def call_on_hang_up(self, call: Callable[[], None]) -> None:
        """Call this once the client has closed the connection while its answer is under way."""
        if self._cycle is not None:
            self._cycle.on_hang_up = call
        else:
            self._on_hang_up = call
            self._watch_if_settled()

    def forget(self) -> None:
        """Call nobody any more."""
        if self._cycle is not None:
            self._cycle.on_hang_up = None
        self._on_hang_up = None
        if self._watcher is not None:
            self._watcher.cancel()

    def break_off_answer(self) -> None:
        """Close the connection, so that an answer under way does not look whole."""
        if self._cycle is not None:
            self._cycle.break_off()

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._break_off()
        if not message.get("more_body", False):
            self._finish()
        return cast(bytes, message.get("body", b""))

    def _break_off(self) -> None:
        if self._cycle is not None and self._cycle.is_timed_out:
            raise BodyTimeoutError("the body of the request stopped before its end, or took too long")
        self.is_abandoned = True
        raise ClientHangUpError

    def _finish(self) -> None:
        self._is_complete = True
        self._watch_if_settled()

    def _watch_if_settled(self) -> None:
        """Wait for a hang-up on servers other than ours, which tell of it only when asked for more body."""
        if self._on_hang_up is not None and self._is_complete and self._watcher is None:
            self._watcher = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        with contextlib.suppress(Exception):  # whose connection cannot be read any more is gone as well
            while (await self._receive())["type"] != "http.disconnect":
                pass
        if self._on_hang_up is not None:
            self._on_hang_up()
