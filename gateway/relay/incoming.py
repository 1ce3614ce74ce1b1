"""The request as it arrives: its headers, its body once, and the moment its sender hangs up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import anyio
from starlette.types import Receive, Scope

Headers = list[tuple[bytes, bytes]]  # names in lower case, as ASGI delivers them


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
        self._early: list[bytes] = []  # pieces read before `chunks` is asked for all of them
        self._is_complete = False
        self._is_settled = asyncio.Event()  # the body has been read, or will never be
        self._is_gone = False
        self.is_abandoned = False  # the client left in the middle of its body

    def header(self, name: bytes) -> bytes:
        """Return the first header of this lower-case name, or nothing."""
        return next((value for key, value in self.headers if key == name), b"")

    @property
    def content_length(self) -> int | None:
        """The announced size of the body, if any."""
        announced = self.header(b"content-length")
        return int(announced) if announced.isdigit() else None

    @property
    def has_body(self) -> bool:
        """Whether the headers announce a body."""
        return bool(self.content_length) or bool(self.header(b"transfer-encoding"))

    async def read(self, max_bytes: int) -> bytes:
        """Return the whole body.

        Raises:
            BodyTooLargeError: It is longer, or announced to be.
            ClientHangUpError: The client left before its end.
        """
        if (self.content_length or 0) > max_bytes:
            raise BodyTooLargeError
        size = 0
        while not self._is_complete:
            piece = await self._next()
            self._early.append(piece)
            size += len(piece)
            if size > max_bytes:
                raise BodyTooLargeError
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
        self._is_settled.set()

    async def hung_up(self) -> None:
        """Return when the client has closed the connection; not while its body is being read."""
        await self._is_settled.wait()
        while not self._is_gone:
            message = await self._receive()
            self._is_gone = message["type"] == "http.disconnect"

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._is_gone = self.is_abandoned = True
            self._is_settled.set()
            raise ClientHangUpError
        if not message.get("more_body", False):
            self._is_complete = True
            self._is_settled.set()
        return bytes(message.get("body", b""))


@contextlib.asynccontextmanager
async def until_hung_up(incoming: Incoming) -> AsyncIterator[None]:
    """Run the block; cancel it as soon as the client hangs up.

    Raises:
        ClientHangUpError: The block was cancelled for that reason.
    """

    async def watch() -> None:
        with contextlib.suppress(Exception):  # whose connection cannot be read any more is gone as well
            await incoming.hung_up()
        scope.cancel()

    scope = anyio.CancelScope()
    try:
        with scope:
            watcher = asyncio.ensure_future(watch())
            try:
                yield
            finally:
                watcher.cancel()
    except Exception as error:
        if scope.cancel_called:  # the block turned its cancellation into an error of its own
            raise ClientHangUpError from error
        raise
    if scope.cancelled_caught:
        raise ClientHangUpError
