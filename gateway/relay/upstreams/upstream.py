"""Forward requests to one API over kept connections, and relay answers, byte for byte.

Bodies are neither decompressed nor re-encoded; end-to-end headers pass, hop-by-hop headers (RFC 9110, 7.6.1)
stay. Nothing is sent twice: whether to try again is the caller's affair. Closing an answer before its end
closes the upstream connection, which tells a model server to stop generating.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Self
from weakref import WeakSet

from starlette.types import Send
from yarl import URL

from gateway.errors import GatewayError
from gateway.relay.stopwatch import Stopwatch
from gateway.relay.upstreams.answer import Answer, Headers
from gateway.relay.upstreams.connecting import connect, origin_of
from gateway.relay.upstreams.connection import Connection
from gateway.relay.upstreams.upload import Body, Whole
from gateway.settings import Upstream as UpstreamSettings

_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_NOT_FORWARDED = _HOP_BY_HOP | {b"host", b"content-length", b"expect"}
_OURS = b"x-jnd-"
_LONGEST_SWEEP_SECONDS = 1.0
_MOST_TURNS = 100  # of the loop, until every connection is closed
# Methods whose requests have a body; of others, no body is said by saying nothing (RFC 9110, 8.6).
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class Upstream:
    """The connections to one API."""

    def __init__(self, settings: UpstreamSettings) -> None:
        """Read where it is; connections open when they are needed.

        Raises:
            ValueError: The environment names a proxy of a kind that cannot be used.
        """
        self._settings = settings
        url = URL(settings.base_url)
        self.base_path = url.raw_path.rstrip("/").encode()
        self._origin = origin_of(url)
        host = (url.host_port_subcomponent or "").encode()
        self._host = b"host: " + host
        is_relayed = self._origin.proxy is not None and self._origin.scheme == "http"
        self._target_start = b"http://" + host if is_relayed else b""
        self._idle: deque[Connection] = deque()
        self._busy: set[Connection] = set()
        self._opened: WeakSet[Connection] = WeakSet()  # those that are closing, too
        self._sweep: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        opened = list(self._opened)
        for connection in opened:
            connection.break_off()
        self._idle.clear()
        # A loop that ends while a transport is closing tells of a leak.
        for _turn in range(_MOST_TURNS):
            await asyncio.sleep(0)
            if all(connection.is_lost for connection in opened):
                break
        await asyncio.sleep(0)

    async def send(
        self, method: str, target: bytes, headers: Headers, body: Body, *, size_bytes: int | None = None
    ) -> Answer:
        """Send a request and wait for the head of the answer; the caller closes it.

        Args:
            method: As the caller sent it.
            target: Path and query at the upstream, percent-encoded.
            headers: Already without those of one hop.
            body: Whole or in pieces.
            size_bytes: Length of a body that comes in pieces, if it was announced.

        Raises:
            UpstreamUnreachableError: No connection, or it broke before the answer.
            UpstreamTimeoutError: No answer in time.
            UpstreamGarbledError: The answer is not HTTP.
        """
        if isinstance(body, Whole):
            size_bytes = len(body)
        head = self._head(method, target, headers, body, size_bytes)
        connection = self._kept() or await self._open()
        self._busy.add(connection)
        return await connection.ask(
            head,
            body,
            is_chunked=body is not None and size_bytes is None,
            has_answer_body=method != "HEAD",
            on_free=self._free,
        )

    def _head(
        self, method: str, target: bytes, headers: Headers, body: Body, size_bytes: int | None
    ) -> bytes:
        lines = [b"%b %b%b HTTP/1.1" % (method.encode(), self._target_start, target), self._host]
        lines += [name + b": " + value for name, value in headers]
        if size_bytes is not None:
            lines.append(b"content-length: %d" % size_bytes)
        elif body is not None:
            lines.append(b"transfer-encoding: chunked")
        elif method in _WITH_BODY:
            lines.append(b"content-length: 0")
        proxy = self._origin.proxy
        if proxy is not None and self._target_start and proxy.authorization:
            lines.append(b"proxy-authorization: " + proxy.authorization)
        head = b"\r\n".join([*lines, b"\r\n"])
        # Parsers upstairs do not let these through; if one ever does, no second request comes of it.
        breaks = len(lines) + 1
        if head.count(b"\n") != breaks or head.count(b"\r") != breaks or b"\0" in head:
            raise GatewayError("a header holds a line break")
        return head

    def _kept(self) -> Connection | None:
        """Take the connection used last that is still good."""
        while self._idle:
            connection = self._idle.pop()
            if connection.silent_seconds < self._settings.keep_alive_seconds and connection.is_alive:
                return connection
            connection.close()
        return None

    async def _open(self) -> Connection:
        if self._sweep is None:
            self._sweep_later()
        connection = await connect(
            self._origin,
            timeout_seconds=self._settings.connect_timeout_seconds,
            max_header_bytes=self._settings.max_header_bytes,
        )
        self._opened.add(connection)
        return connection

    def _free(self, connection: Connection) -> None:
        self._busy.discard(connection)
        if connection.is_keepable:
            connection.rest()
            self._idle.append(connection)
        else:
            connection.close()

    def _sweep_later(self) -> None:
        settings = self._settings
        pause = min(
            _LONGEST_SWEEP_SECONDS, settings.read_timeout_seconds / 4, settings.keep_alive_seconds / 4
        )
        self._sweep = asyncio.get_running_loop().call_later(pause, self._sweep_now)

    def _sweep_now(self) -> None:
        """Time out what is silent and close what nobody uses: one timer for all, not one per request."""
        now = asyncio.get_running_loop().time()
        for connection in list(self._busy):
            connection.time_out(now, self._settings.read_timeout_seconds)
        while self._idle and self._idle[0].active_at < now - self._settings.keep_alive_seconds:
            self._idle.popleft().close()
        self._sweep = None
        if self._busy or self._idle:
            self._sweep_later()


async def relay(
    answer: Answer,
    send: Send,
    extra: Headers,
    times: Stopwatch,
    overhear: Callable[[bytes], None] = lambda _: None,
) -> None:
    """Pass the answer on as it arrives, with our headers added.

    `overhear` is told every piece of the body once it has been passed on.

    Raises:
        UpstreamCutError: It broke off; the caller must not end the answer as if it were complete.
    """
    headers = end_to_end(answer.headers)
    headers += extra
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    piece = answer.take()  # what came with the head leaves with the head, and nothing waits for what did not
    if piece:
        times.chunk_arrives()
    while not answer.is_complete:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        overhear(piece)
        piece = await answer.next()
        if piece:
            times.chunk_arrives()
    await send({"type": "http.response.body", "body": piece, "more_body": False})
    overhear(piece)


def end_to_end(raw_headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Drop what concerns one connection only, and what only we may say; names come in lower case."""
    return _without(_HOP_BY_HOP, raw_headers)


def forwardable(headers: Headers) -> Headers:
    """Return the request headers that the upstream gets, but for host and length."""
    return _without(_NOT_FORWARDED, headers)


def _without(dropped: frozenset[bytes], headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    named = [value for name, value in headers if name == b"connection"]
    if named:
        words = (word.strip().lower() for value in named for word in value.split(b","))
        dropped = dropped.union(words)
    return [pair for pair in headers if pair[0] not in dropped and not pair[0].startswith(_OURS)]
