"""An API that fails in every way a server can, as the header x-fault of a request says.

Counts how often each request (header x-request) reached it, so that a proxy that asks twice is found.
"""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

EVENT = b'data: {"choices": [{"delta": {"content": "word"}}]}\n\n'
THEIRS = b'{"error": {"message": "theirs, to the byte: \xc3\xa4 \\u00e4", "type": "t", "code": "their_code"}}'
LIMITS = (
    (b"retry-after", b"7"),
    (b"x-ratelimit-remaining-requests", b"0"),
    (b"x-request-id", b"req_1"),
    (b"anthropic-ratelimit-requests-reset", b"2026-11-29T01:00:00Z"),
)
LONG_HEADERS = ((b"x-long", b"v" * 9000), *((b"x-many-%d" % number, b"v") for number in range(300)))


@dataclass(frozen=True)
class Call:
    """One request whose head has been read."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    length: int
    is_chunked: bool

    async def read_body(self) -> bytes:
        """Read all of the body."""
        if not self.is_chunked:
            return await self.reader.readexactly(self.length)
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readline()
        return body

    def reset(self) -> None:
        """Break the connection off with RST."""
        plug: socket.socket = self.writer.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def say(self, *pieces: bytes) -> None:
        """Send bytes as they are."""
        self.writer.writelines(pieces)
        await self.writer.drain()

    async def answer(self, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
        """Send a well-formed answer."""
        named = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *headers]
        await self.say(head(status, *named), body)


def head(status: int, *headers: tuple[bytes, bytes]) -> bytes:
    """Return the head of an answer."""
    lines = [
        b"HTTP/1.1 %d Some Reason" % status,
        b"connection: close",
        *(b"%b: %b" % pair for pair in headers),
        b"",
        b"",
    ]
    return b"\r\n".join(lines)


EVENTS_HEAD = head(200, (b"content-type", b"text/event-stream"), (b"transfer-encoding", b"chunked"))


def chunk(data: bytes) -> bytes:
    """Frame a piece of a body of unknown length."""
    return b"%x\r\n%b\r\n" % (len(data), data)


async def reset(call: Call) -> None:
    await call.read_body()
    call.reset()


async def close(call: Call) -> None:
    await call.read_body()


async def stall(call: Call) -> None:
    await call.read_body()
    await call.reader.read()


async def stall_in_stream(call: Call) -> None:
    await call.read_body()
    await call.say(EVENTS_HEAD, chunk(EVENT))
    await call.reader.read()


async def cut_stream(call: Call) -> None:
    await call.read_body()
    await call.say(EVENTS_HEAD, chunk(EVENT), chunk(EVENT))


async def cut_body(call: Call) -> None:
    await call.read_body()
    await call.say(head(200, (b"content-length", b"1000")), b"x" * 500)


async def reset_in_stream(call: Call) -> None:
    await call.read_body()
    await call.say(EVENTS_HEAD, chunk(EVENT))
    await asyncio.sleep(0.02)
    call.reset()


async def bad_chunk(call: Call) -> None:
    await call.read_body()
    await call.say(EVENTS_HEAD, chunk(EVENT))
    await asyncio.sleep(0.02)
    await call.say(b"zz\r\nnot hexadecimal\r\n")


async def garbage(call: Call) -> None:
    await call.read_body()
    await call.say(bytes(range(256)) * 4)


async def cut_head(call: Call) -> None:
    await call.read_body()
    await call.say(b"HTTP/1.1 200 OK\r\ncontent-ty")


async def two_lengths(call: Call) -> None:
    await call.read_body()
    await call.say(head(200, (b"content-length", b"2"), (b"content-length", b"3")), b"{} ")


async def early_413(call: Call) -> None:
    """Refuse before the body is read, and close as servers do that will not read it."""
    await call.answer(413, THEIRS, *LIMITS)


async def refusal(call: Call) -> None:
    await call.read_body()
    await call.answer(429, THEIRS, *LIMITS)


async def bad_request(call: Call) -> None:
    await call.read_body()
    await call.answer(400, THEIRS, *LIMITS)


async def failure(call: Call) -> None:
    await call.read_body()
    await call.answer(500, THEIRS, *LIMITS)


async def overload(call: Call) -> None:
    await call.read_body()
    await call.answer(529, THEIRS, *LIMITS)


async def slow(call: Call) -> None:
    await call.read_body()
    await asyncio.sleep(0.3)
    await call.say(EVENTS_HEAD)
    for _ in range(5):
        await call.say(chunk(EVENT))
        await asyncio.sleep(0.01)
    await call.say(b"0\r\n\r\n")


async def long_headers(call: Call) -> None:
    await call.read_body()
    await call.answer(200, THEIRS, *LONG_HEADERS)


async def endless_headers(call: Call) -> None:
    await call.read_body()
    await call.say(b"HTTP/1.1 200 OK\r\n", *(b"x-%d: %b\r\n" % (n, b"v" * 1000) for n in range(600)), b"\r\n")


async def hints_first(call: Call) -> None:
    await call.read_body()
    await call.say(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n")
    await call.answer(200, THEIRS)


async def not_modified(call: Call) -> None:
    await call.read_body()
    await call.say(head(304, (b"content-length", b"1234"), (b"etag", b'"1"')))


async def empty(call: Call) -> None:
    await call.read_body()
    await call.say(head(204))


FAULTS: dict[str, Callable[[Call], Awaitable[None]]] = {
    each.__name__: each
    for each in (
        *(reset, close, stall, stall_in_stream, cut_stream, cut_body, reset_in_stream, bad_chunk, garbage),
        *(cut_head, two_lengths, early_413, refusal, bad_request, failure, overload, slow, long_headers),
        *(endless_headers, hints_first, not_modified, empty),
    )
}


class FaultyUpstream:
    """The server; `seen` counts requests by their x-request."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    async def start(self) -> int:
        """Listen on a free port and return it."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**20)
        self._server = server
        return int(server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            named = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines[1:]}
            self.seen[named.get("x-request", "")] += 1
            is_chunked = named.get("transfer-encoding", "").lower() == "chunked"
            call = Call(reader, writer, int(named.get("content-length", 0)), is_chunked)
            await FAULTS[named["x-fault"]](call)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the gateway hung up: what is wanted where the caller did
        finally:
            writer.close()  # every fault has its own connection
