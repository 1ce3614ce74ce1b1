"""A made-up model API for measuring what stands before it: the same answer after the same time, and cheap.

Raw asyncio on uvloop instead of a framework, so that its own time stays small beside what is measured. How
long it waits and how it streams is set from outside, by POST /control with the fields of `Behaviour`.

    python tests/benchmarks/gateway_mock.py PORT
"""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import httptools
import orjson
import uvloop

SPIN_SECONDS = (
    0.002  # timers of an event loop are late by up to a millisecond; the rest is waited for actively
)
SMALL_BYTES = 65_536  # longer bodies are not searched: they ask for no stream
ANSWER = orjson.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "x" * 400}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
)
# As many headers, about as long, as answers of hosted APIs have: what stands before them must carry each.
HEADERS = b"".join(
    b"%b: %b\r\n" % pair
    for pair in (
        (b"date", b"Sun, 29 Nov 2026 01:00:00 GMT"),
        (b"server", b"mock"),
        (b"access-control-expose-headers", b"x-request-id"),
        (b"openai-organization", b"an-organization"),
        (b"openai-processing-ms", b"20"),
        (b"openai-version", b"2020-10-01"),
        (b"x-ratelimit-limit-requests", b"10000"),
        (b"x-ratelimit-limit-tokens", b"30000000"),
        (b"x-ratelimit-remaining-requests", b"9999"),
        (b"x-ratelimit-remaining-tokens", b"29999500"),
        (b"x-ratelimit-reset-requests", b"6ms"),
        (b"x-ratelimit-reset-tokens", b"1ms"),
        (b"x-request-id", b"req_0123456789abcdef0123456789abcdef"),
        (b"strict-transport-security", b"max-age=31536000; includeSubDomains; preload"),
        (b"x-content-type-options", b"nosniff"),
    )
)
EVENTS_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
    + HEADERS
    + b"\r\n"
)


@dataclass(frozen=True)
class Behaviour:
    """How the API answers."""

    delay_seconds: float = 0.0  # from the last byte of the request to the first of the answer
    events: int = 10  # of a streamed answer
    cadence_seconds: float = 0.005  # between two events


def whole(body: bytes) -> bytes:
    """Return an answer of one piece."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n" % len(body)
    return head + HEADERS + b"\r\n" + body


def event(number: int) -> bytes:
    """Return one event of a stream, as a chunk."""
    choice = {"index": 0, "delta": {"content": f"word {number} "}, "finish_reason": None}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
    return chunk(b"data: " + orjson.dumps(head | {"choices": [choice]}) + b"\n\n")


def chunk(data: bytes) -> bytes:
    """Frame a piece of a body of unknown length."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class MockApi(asyncio.Protocol):
    """One connection."""

    behaviour = Behaviour()  # of all connections

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""
        self._url = b""
        self._wants_events = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_message_begin(self) -> None:
        self._body, self._url = b"", b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"expect" and value.lower() == b"100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, piece: bytes) -> None:
        if len(self._body) < SMALL_BYTES:
            self._body += piece

    def on_message_complete(self) -> None:
        if self._url == b"/control":
            MockApi.behaviour = Behaviour(**orjson.loads(self._body))
            self._transport.write(whole(b"{}"))
            return
        is_small = len(self._body) < SMALL_BYTES
        wants_events = is_small and (b'"stream":true' in self._body or b'"stream": true' in self._body)
        answer = self._start_events if wants_events else self._answer
        self._at(time.perf_counter() + MockApi.behaviour.delay_seconds, answer)

    def _answer(self) -> None:
        self._transport.write(WHOLE)

    def _start_events(self) -> None:
        self._transport.write(EVENTS_HEAD)
        self._send_event(0, time.perf_counter())

    def _send_event(self, number: int, due: float) -> None:
        if number == MockApi.behaviour.events:
            self._transport.write(chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
            return
        self._transport.write(event(number))
        due += MockApi.behaviour.cadence_seconds
        self._at(due, lambda: self._send_event(number + 1, due))

    def _at(self, due: float, act: Callable[[], None]) -> None:
        """Act at that time of the performance counter: the clock of uvloop has whole milliseconds only."""
        left = due - time.perf_counter()
        if left > SPIN_SECONDS:
            self._loop.call_later(left - SPIN_SECONDS, self._at, due, act)
        elif left > 0:
            self._loop.call_soon(self._at, due, act)
        elif not self._transport.is_closing():
            act()


WHOLE = whole(ANSWER)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(MockApi, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
