"""An API that answers every request with the identity it finds in its body, and counts how often each came.

Speaks no dialect: whoever asks looks for the identity only. Streams where the body or the path asks for it.
"""

import asyncio
import re
from collections import Counter

import httptools

IDENTITY = re.compile(rb"identity-(\d+)")
LOOKED_AT_BYTES = 4096  # identities stand at the start
EVENTS = 5
CADENCE_SECONDS = 0.002
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Ledger:
    """Which requests came, and what was wrong with them."""

    def __init__(self) -> None:
        self.seen: Counter[int] = Counter()
        self.mixed = 0  # header and body of different requests
        self.nameless = 0


class IdentityApi(asyncio.Protocol):
    """One connection."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_message_begin(self) -> None:
        self._body, self._url, self._announced, self._size = b"", b"", b"", 0

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"x-request":
            self._announced = value

    def on_body(self, piece: bytes) -> None:
        self._size += len(piece)
        if len(self._body) < LOOKED_AT_BYTES:
            self._body += piece[:LOOKED_AT_BYTES]

    def on_message_complete(self) -> None:
        found = IDENTITY.search(self._body)
        if found is None:
            self._ledger.nameless += 1
            self._answer(b"{}")
            return
        self._ledger.seen[int(found[1])] += 1
        self._ledger.mixed += found[1] != self._announced
        line = b'{"identity": "identity-%b", "bytes": %d}' % (found[1], self._size)
        if b'"stream":true' in self._body or b"stream" in self._url:
            self._transport.write(STREAM)
            self._send_event(line, EVENTS)
        else:
            self._answer(line)

    def _answer(self, body: bytes) -> None:
        self._transport.write(WHOLE % (len(body), body))

    def _send_event(self, line: bytes, left: int) -> None:
        if self._transport.is_closing():
            return
        if left == 0:
            self._transport.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
            return
        event = b"data: " + line + b"\n\n"
        self._transport.write(b"%x\r\n%b\r\n" % (len(event), event))
        self._loop.call_later(CADENCE_SECONDS, self._send_event, line, left - 1)


async def start(ledger: Ledger) -> int:
    """Listen on a free port and return it."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: IdentityApi(ledger), "127.0.0.1", 0, backlog=1024)
    return int(server.sockets[0].getsockname()[1])
