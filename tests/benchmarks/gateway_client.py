"""A caller that sends exactly the bytes it is told to, and tells exactly what came back.

Unlike a client library it repairs nothing: an answer without its end is told as such, and
nothing is sent twice.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httptools

PIECE_BYTES = 64 * 1024


@dataclass
class Answer:
    """What came back on one connection for one request."""

    status: int = 0  # 0: no head of an answer came
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)  # names in lower case
    body: bytes = b""
    is_complete: bool = False  # it came to the end that its own framing announces
    is_closed: bool = False  # the other side closed the connection
    is_kept: bool = False  # the connection may be used again

    def header(self, name: bytes) -> bytes:
        """Return the first header of this name, or nothing."""
        return next((value for key, value in self.headers if key == name), b"")


class Caller(asyncio.Protocol):
    """One connection; asks one request after the other."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._answer = Answer()
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    async def ask(
        self, pieces: Sequence[bytes], *, patience_seconds: float, leave_after_bytes: int | None = None
    ) -> Answer:
        """Send these bytes and wait for the answer, or for as much of it as one wants before hanging up."""
        self._answer = answer = Answer()
        self._parser = httptools.HttpResponseParser(self)
        writing = asyncio.ensure_future(self._write(pieces))
        writing.add_done_callback(lambda _: self._changed.set())
        try:
            async with asyncio.timeout(patience_seconds):
                while not (answer.is_complete or answer.is_closed):
                    wants_to_leave = leave_after_bytes is not None and writing.done()
                    if wants_to_leave and len(answer.body) >= leave_after_bytes:
                        self._transport.abort()
                        break
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            self._transport.abort()
        finally:
            writing.cancel()
        answer.is_kept = answer.is_complete and not answer.is_closed and not self._transport.is_closing()
        return answer

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    @property
    def is_open(self) -> bool:
        """Whether the connection can be used."""
        return not self._transport.is_closing()

    async def _write(self, pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            for start in range(0, len(piece), PIECE_BYTES):
                await self._may_write.wait()
                if self._transport.is_closing():
                    return
                self._transport.write(piece[start : start + PIECE_BYTES])
            if len(pieces) > 1:
                await asyncio.sleep(0.002)

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._answer.is_closed = True
            self._transport.abort()
        self._changed.set()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._answer.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._answer.status = self._parser.get_status_code()

    def on_body(self, piece: bytes) -> None:
        self._answer.body += piece

    def on_message_complete(self) -> None:
        if self._answer.status < 200:  # 100 Continue and the like come before the answer
            self._answer.headers.clear()
            self._answer.status = 0
            return
        self._answer.is_complete = True
        if not self._parser.should_keep_alive():
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self._answer.is_closed = True
        self._may_write.set()
        if self._answer.status >= 200 and not self._answer.is_complete:
            self._end_without_length()
        self._changed.set()

    def _end_without_length(self) -> None:
        """Take the end of the connection for the end of an answer that announced none."""
        names = {name for name, _ in self._answer.headers}
        if not names & {b"content-length", b"transfer-encoding"}:
            self._answer.is_complete = True


async def connect(port: int) -> Caller:
    """Open a connection."""
    return (await asyncio.get_running_loop().create_connection(Caller, "127.0.0.1", port))[1]


async def ask_once(
    port: int, *pieces: bytes, patience_seconds: float = 30.0, leave_after_bytes: int | None = None
) -> Answer:
    """Ask on a connection of its own."""
    caller = await connect(port)
    try:
        return await caller.ask(
            pieces, patience_seconds=patience_seconds, leave_after_bytes=leave_after_bytes
        )
    finally:
        caller.close()


def post(path: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """Return a request as client libraries write it."""
    named = {"host": "127.0.0.1", "content-type": "application/json", "content-length": str(len(body))}
    lines = [f"{name}: {value}" for name, value in (named | dict(headers or {})).items()]
    return "\r\n".join([f"POST {path} HTTP/1.1", *lines, "", ""]).encode() + body
