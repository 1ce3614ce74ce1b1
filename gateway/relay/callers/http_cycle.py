"""One request of a caller and its answer, on uvicorn's protocol.

Beside what ASGI offers, whoever answers may take the body as one buffer, and be called when the caller
hangs up. Head and first piece of an answer leave in one write.
"""

import asyncio
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from gateway.errors import GatewayError
from gateway.relay.callers.reading_turns import ReadingTurns
from gateway.relay.callers.straight_body import LEAST_BYTES, StraightBody, Usual

EXTENSION = "jnd.cycle"  # of the ASGI scope: where the app finds this object
_LARGE_PIECE_BYTES = 65_536
_BODILESS = frozenset({204, 304})
_ABOUT_THE_CONNECTION = frozenset({b"connection", b"transfer-encoding"})
_STATUS_LINES_END = 600


class Cycle(RequestResponseCycle):
    """A request and its answer."""

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        protocol: Usual | None = None,
        turns: ReadingTurns | None = None,
        **fields: Any,
    ) -> None:
        """Take what uvicorn's class does; with the connection's `protocol`, large bodies come without it."""
        super().__init__(**fields)
        self._loop = loop  # at hand: to look up the running one asks the system, every time
        self._protocol = protocol
        self._turns = turns or ReadingTurns(loop)
        self.on_hang_up: Callable[[], None] | None = None
        self.is_timed_out = False
        self.completed_at = 0.0
        self.size_bytes = 0  # of what was received and not taken yet
        self._piece = b""
        self._pieces: io.BytesIO | None = None  # from the second piece on
        self._head = b""
        self._whole: asyncio.Future[None] | None = None
        self._most_bytes = 0
        self._announced_bytes = 0
        self._hold: Callable[[int], None] = _nobody_counts
        self.gathered_since = 0.0  # loop time since when the body is held until it is whole; 0: it is not
        self._is_bodiless = False
        self._length: int | None = None

    # --- the body

    def add(self, piece: bytes) -> None:
        """Take a piece of the body."""
        if self.response_complete:  # the rest of a body nobody wants
            if len(piece) >= _LARGE_PIECE_BYTES:
                self._let_others_read()
            return
        if not self.size_bytes:
            self._piece = piece
        else:
            if self._pieces is None:
                self._pieces = _room_for(self._piece, self._announced_bytes)
            self._pieces.write(piece)
        self.size_bytes += len(piece)
        if self._whole is not None:
            self._gathered(len(piece))
            return
        if self.size_bytes > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        self.message_event.set()

    def _came_straight(self, piece_bytes: int) -> None:
        """Count a piece that is in its place already."""
        self.size_bytes += piece_bytes
        self._gathered(piece_bytes)

    def _gathered(self, piece_bytes: int) -> None:
        """Ask for room for what has come; go on as long as there is some."""
        try:
            self._hold(self.size_bytes)
        except GatewayError as error:
            self.flow.pause_reading()
            if self._whole is not None and not self._whole.done():
                self._whole.set_exception(error)
            return
        if self.size_bytes > self._most_bytes:
            self.flow.pause_reading()
            self._wake()
        elif piece_bytes >= _LARGE_PIECE_BYTES:
            self._let_others_read()

    def take(self) -> bytes:
        """Return what was received and not taken yet; a large body is not copied for that."""
        body = self._piece
        if self._pieces is not None:
            self._pieces.truncate(self.size_bytes)
            body = self._pieces.getvalue()
        self._piece, self._pieces, self.size_bytes = b"", None, 0
        return body

    def _let_others_read(self) -> None:
        """Go on reading when others have: as it is, one fast caller has 32 pieces read at a time."""
        if not self.flow.read_paused:
            self.flow.pause_reading()
            self._turns.wait(self._read_on)

    def _read_on(self) -> None:
        if self.response_complete or self.size_bytes <= self._most_bytes:
            self.flow.resume_reading()

    def end_body(self) -> None:
        """Note that the body is whole."""
        self.more_body = False
        self._wake()
        self.message_event.set()
        if self.response_complete and not self.keep_alive:
            self.transport.close()

    def time_out(self) -> None:
        """Note that the rest of the body does not come."""
        self.is_timed_out = True
        self._wake()
        self.message_event.set()

    def hang_up(self) -> None:
        """Note that the caller is gone; uvicorn calls it `disconnected`."""
        self._wake()
        if self.on_hang_up is not None and not self.response_complete:
            self.on_hang_up()

    async def gather(
        self, most_bytes: int, announced_bytes: int = 0, hold: Callable[[int], None] | None = None
    ) -> None:
        """Wait until `size_bytes` is the whole body, or more than `most_bytes`, or the body broke off.

        `hold` hears how much has come; what it raises ends the wait.
        """
        self._hold = hold or _nobody_counts
        self._hold(self.size_bytes)
        self._continue()
        self._announced_bytes = announced_bytes
        if self._pieces is not None:
            self._pieces = _room_for(self._pieces.getvalue(), announced_bytes)
        self._most_bytes = most_bytes
        with self._reading_straight():
            while self.more_body and self.size_bytes <= most_bytes and not self.is_broken:
                self._whole = self._loop.create_future()
                self.flow.resume_reading()
                try:
                    await self._whole
                finally:
                    self._whole = None

    @contextmanager
    def _reading_straight(self) -> Iterator[None]:
        """Have the rest of a large body read into its place, as long as the block waits for it."""
        rest = self._announced_bytes - self.size_bytes
        if self._protocol is None or self.is_broken or rest < LEAST_BYTES:
            yield
            return
        room = self._pieces = self._pieces or _room_for(self._piece, self._announced_bytes)
        place = room.getbuffer()[self.size_bytes : self._announced_bytes]
        body = StraightBody(self.transport, self.flow, self._protocol, place, self._came_straight)
        try:
            yield
        finally:
            body.leave()
            room.seek(self.size_bytes)

    async def receive(self) -> Any:
        """Return the next piece of the body, as ASGI has it."""
        self._continue()
        if not self.is_broken and not self.response_complete:
            self.flow.resume_reading()
            await self.message_event.wait()
            self.message_event.clear()
        if self.is_broken or self.response_complete:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": self.take(), "more_body": self.more_body}

    @property
    def is_broken(self) -> bool:
        """Whether the rest of the body will never come."""
        return self.disconnected or self.is_timed_out

    def _wake(self) -> None:
        if self._whole is not None and not self._whole.done():
            self._whole.set_result(None)

    def _continue(self) -> None:
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.waiting_for_100_continue = False

    # --- the answer

    def break_off(self) -> None:
        """Close the connection in the middle of the answer."""
        self.disconnected = True
        self.transport.close()

    async def send(self, message: Any) -> None:
        """Write the answer; the head waits for the first piece."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if not self.response_started:
            self._begin(message)
        else:
            self._write(message.get("body", b""), is_last=not message.get("more_body", False))

    def _begin(self, message: Any) -> None:
        self.response_started = True
        if self.waiting_for_100_continue:
            # The caller may send the body all the same, or never: what comes next here is unclear.
            self.keep_alive = self.waiting_for_100_continue = False
        status: int = message["status"]
        lines = [STATUS_LINE[status] if status < _STATUS_LINES_END else b"HTTP/1.1 %d \r\n" % status]
        for name, value in (*self.default_headers, *message.get("headers", ())):
            if name not in _ABOUT_THE_CONNECTION:
                lines.append(b"%b: %b\r\n" % (name, value))
            self._mind(name, value)
        self._choose_end(status)
        if self.chunked_encoding:
            lines.append(b"transfer-encoding: chunked\r\n")
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        head = b"".join(lines)
        if head.count(b"\n") != len(lines):
            raise RuntimeError("a header of the answer holds a line break")
        self._head = head + b"\r\n"

    def _mind(self, name: bytes, value: bytes) -> None:
        """Note what a header says of the answer's length and of the connection."""
        if name == b"content-length":
            self._length = int(value)
        elif name == b"connection" and b"close" in value.lower():
            self.keep_alive = False

    def _choose_end(self, status: int) -> None:
        """Decide how the caller will know where the answer ends."""
        self._is_bodiless = self.scope["method"] == "HEAD" or status in _BODILESS
        self.chunked_encoding = False
        if self._is_bodiless:
            self._length = 0
        elif self._length is None:
            self.chunked_encoding = self.scope["http_version"] == "1.1"
            self.keep_alive = (
                self.keep_alive and self.chunked_encoding
            )  # else the connection's end is the answer's

    def _write(self, body: bytes, *, is_last: bool) -> None:
        if self._is_bodiless:
            body = b""
        elif self._length is not None:
            self._length -= len(body)
            if self._length < 0 or (is_last and self._length):
                raise RuntimeError("the answer is not as long as its content-length")
        if self.chunked_encoding:
            body = _chunk(body, is_last=is_last)
        head, self._head = self._head, b""
        if head or body:
            self.transport.write(head + body if head else body)
        if is_last:
            self._end()

    def _end(self) -> None:
        self.response_complete = True
        self.message_event.set()
        is_delimited = self.chunked_encoding or self._length is not None
        if not self.keep_alive and not (self.more_body and is_delimited):
            self.transport.close()
        self.completed_at = self._loop.time()
        self.on_response()


def _room_for(begun: bytes, announced_bytes: int) -> io.BytesIO:
    """Return a buffer that need not grow: growing by an eighth, it would copy megabytes at a time.

    The system gives it memory only as pieces come in.
    """
    room = io.BytesIO(bytes(announced_bytes))
    room.write(begun)
    return room


def _nobody_counts(_: int) -> None:
    """Take any size."""


def _chunk(body: bytes, *, is_last: bool) -> bytes:
    chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    return chunk + b"0\r\n\r\n" if is_last else chunk
