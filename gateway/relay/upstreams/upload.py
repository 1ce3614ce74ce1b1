"""Send a large or streamed body in pieces, and lose no answer that comes before its end.

An upstream that refuses a body answers and closes; what is written after that makes the kernel reset the
connection, and a transport that fails to write drops what it has not read. So whatever waits to be read is
read before each piece, and a second handle of the socket keeps what is left after a reset.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator

from gateway.relay.upstreams.answer import Answer

# Bodies up to this size leave in one write. Servers that refuse bodies for their size take more: nginx, 1 MB.
AT_ONCE_BYTES = 524_288
_PIECE_BYTES = 262_144  # large bodies leave in pieces, so that the event loop breathes between them
_READ_BYTES = 262_144
_MOST_LOOKS = 3  # at input that is none of HTTP's, such as a session ticket of TLS
_FIRST_REFUSAL = 300  # status from which nobody wants the rest of the body
_LAST_CHUNK = b"0\r\n\r\n"

Whole = bytes | bytearray | memoryview
Body = Whole | AsyncIterator[bytes] | None


class Upload:
    """One body on its way."""

    def __init__(
        self, transport: asyncio.Transport, sock: socket.socket, answer: Answer, on_end: Callable[[], None]
    ) -> None:
        """Send on this transport until `answer` refuses; `on_end` is called when no more is sent."""
        self._transport = transport
        self._sock = sock
        self._answer = answer
        self._on_end = on_end
        self._sender: asyncio.Task[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._spare: socket.socket | None = socket.socket(
            sock.family, sock.type, sock.proto, os.dup(sock.fileno())
        )
        self.is_open = True  # something of the body is still to be sent
        self.error: BaseException | None = None  # why it could not be sent

    @property
    def waits_for_caller(self) -> bool:
        """Whether the next piece is not here yet: then the upstream cannot be blamed for its silence."""
        return self.is_open and self._writable is None

    def start(self, head: bytes, body: Body, *, is_chunked: bool) -> None:
        """Begin to send."""
        self._sender = asyncio.ensure_future(self._send(head, body, is_chunked))
        self._sender.add_done_callback(self._ended)

    def stop(self) -> None:
        """Send no more."""
        if self._sender is not None:
            self._sender.cancel()

    def close(self) -> None:
        """Send no more, and keep nothing."""
        self.stop()
        if self._spare is not None:
            self._spare.close()
            self._spare = None

    def pause(self) -> None:
        """Wait: the transport is full."""
        if self._writable is None:
            self._writable = asyncio.get_running_loop().create_future()

    def resume(self) -> None:
        """Go on."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def left_over(self) -> Iterator[bytes]:
        """Yield what arrived before the connection was reset."""
        with contextlib.suppress(OSError):
            while self._spare is not None and (data := self._spare.recv(_READ_BYTES, socket.MSG_DONTWAIT)):
                yield data

    async def _send(self, head: bytes, body: Body, is_chunked: bool) -> None:
        self._transport.write(head)
        async for piece in _pieces(body):
            if not await self._may_write():
                return
            self._transport.write(b"%x\r\n%b\r\n" % (len(piece), bytes(piece)) if is_chunked else piece)
        if is_chunked:
            if not await self._may_write():
                return
            self._transport.write(_LAST_CHUNK)
        self.is_open = False

    async def _may_write(self) -> bool:
        """Wait until the upstream takes more; False: it refuses the rest, or it is gone."""
        for _ in range(_MOST_LOOKS):
            if self._writable is not None:
                await self._writable
            if self._transport.is_closing():
                return False
            if not self._has_input():
                break
            await asyncio.sleep(0)
        return not (self._answer.has_begun and self._answer.status >= _FIRST_REFUSAL)

    def _has_input(self) -> bool:
        try:
            self._sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except (BlockingIOError, ValueError):
            return False
        except OSError:
            return True
        return True

    def _ended(self, sender: "asyncio.Task[None]") -> None:
        self._sender = None
        self.error = None if sender.cancelled() else sender.exception()
        self._on_end()


async def _pieces(body: Body) -> AsyncIterator[Whole]:
    if isinstance(body, Whole):
        view = memoryview(body)
        for start in range(0, len(view), _PIECE_BYTES):
            yield view[start : start + _PIECE_BYTES]
    elif body is not None:
        async for piece in body:
            yield piece
