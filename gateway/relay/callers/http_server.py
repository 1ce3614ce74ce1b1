"""HTTP/1.1 from callers: uvicorn's protocol on llhttp, with what a proxy in the open needs beside it.

Headers have a time and a size, bodies a longest silence; a trailer is never taken for headers; a caller of
HTTP/1.0 gets no chunks; an answer sent before the whole body was read reaches the caller; who hangs up is
noticed at once, without a task that waits for it.
"""

import asyncio
import socket
from typing import Any, cast

import httptools
import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.relay.callers.http_cycle import EXTENSION, Cycle
from gateway.relay.callers.reading_turns import turns_of
from gateway.relay.callers.sweeping import Writing, watch
from gateway.settings import Listen, Settings

KEEP_ALIVE_SECONDS = 75  # longer than the idle time of usual load balancers, 60 s
_BODY_TIMEOUTS = 10  # of silence, that a body held in memory may take in all: ten minutes, as SDKs wait
_SWEEP_SECONDS = 0.5
_LINGER_SECONDS = 30.0  # as nginx: how long the rest of a body is read and dropped after an early answer
_SKIPPED_BYTES = 262_144  # that the parser copies at a time
_WEBSOCKET = b"websocket"
_VERSIONS = ("1.0", "1.1")  # llhttp knows 0.9 and 2.0 too
_CLOSED_BY_PEER = (7, 8)  # TCP_CLOSE and TCP_CLOSE_WAIT of Linux


def server_config(app: Any, settings: Settings, **more: Any) -> uvicorn.Config:
    """Return how the app is served; `more` goes to uvicorn as it is."""
    fixed: dict[str, Any] = {
        "host": settings.listen.host,
        "port": settings.listen.port,
        "http": protocol_class(settings.listen),
        "ws": "none",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "date_header": False,
        "proxy_headers": False,
        "lifespan": "on",
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": round(settings.listen.drain_seconds),
    }
    return uvicorn.Config(app, **(fixed | more))


def protocol_class(listen: Listen) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol with these limits."""

    class Limited(CallerProtocol):
        limits = listen

    return Limited


class CallerProtocol(HttpToolsProtocol):
    """One connection of a caller."""

    limits: Listen
    cycle: Cycle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock of the first request."""
        super().connection_made(cast(asyncio.Transport, transport))
        self._in_head = True
        self._head_bytes = 0
        self._since = self.loop.time()  # the head's beginning, or the body's last sign of life
        self._running: Cycle | None = None  # the one being answered; `cycle` is the one being read
        self._is_replay = False
        self._is_skipping = False  # the parser catches up with a body that came without it
        self._writing = Writing()
        self._turns = turns_of(self.server_state, self.loop)
        watch(self.server_state, self.loop, self._sweep_pause)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever answers that nobody waits any more."""
        super().connection_lost(exc)
        self.pipeline.clear()
        if self._running is not None:
            self._running.hang_up()

    def data_received(self, data: bytes) -> None:
        """Feed the parser; answer what is no HTTP."""
        if self._idle_timer_is_set():
            self._since = self.loop.time()
            self._unset_keepalive_if_required()
        if self._in_head:
            self._head_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._refuse_or_ignore_upgrade(data[upgrade.args[0] :] if upgrade.args else b"")
        except httptools.HttpParserError:
            self._refuse(400, "bad_request", "the request is not valid HTTP/1.1")
        if self._in_head and self._head_bytes > self.limits.max_header_bytes:
            self._refuse_headers()

    @property
    def _sweep_pause(self) -> float:
        limits = self.limits
        return min(_SWEEP_SECONDS, limits.header_timeout_seconds / 4, limits.body_timeout_seconds / 4)

    def sweep(self, now: float) -> None:
        """Close the connection of a caller that is too slow."""
        if self._writing.stood_still(self.transport, now) > self.limits.body_timeout_seconds:
            self.transport.abort()  # closing would wait for what the caller does not take
        elif not self.transport.is_closing() and not self._idle_timer_is_set():
            self._sweep_request(now)

    def _sweep_request(self, now: float) -> None:
        cycle = self.cycle
        if self.flow.read_paused:
            self._look_for_hang_up()
            return
        waited = now - self._since
        if cycle is None or self._in_head:
            is_answering = cycle is not None and not cycle.response_complete
            if not is_answering and waited > self.limits.header_timeout_seconds:
                self._refuse(408, "header_timeout", "the headers of the request took too long")
        elif cycle.more_body:
            if cycle.response_complete and now - cycle.completed_at > _LINGER_SECONDS:
                self.transport.close()
            elif waited > self.limits.body_timeout_seconds or self._takes_too_long(cycle, now):
                self._give_up_body(cycle)

    def _takes_too_long(self, cycle: Cycle, now: float) -> bool:
        """Tell whether a body has been held in memory too long, however steadily it drips."""
        most_seconds = _BODY_TIMEOUTS * self.limits.body_timeout_seconds
        return cycle.gathered_since > 0 and now - cycle.gathered_since > most_seconds

    def _look_for_hang_up(self) -> None:
        """Notice a caller that closed its end while nothing is read from it."""
        sock = self.transport.get_extra_info("socket")
        state = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        if state in _CLOSED_BY_PEER and self._running is not None:
            self._running.disconnected = True
            self._running.hang_up()

    def _give_up_body(self, cycle: Cycle) -> None:
        if cycle.response_complete:
            self.transport.close()
        else:
            cycle.time_out()

    def _idle_timer_is_set(self) -> bool:
        return self.timeout_keep_alive_task is not None

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Answer for an app that never learns of the request, and close."""
        if self.transport.is_closing():
            return
        is_owed_an_answer = self._head_bytes > 0  # whoever never spoke is not told
        if is_owed_an_answer and (self.cycle is None or self.cycle.response_complete):
            error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
            body = orjson.dumps({"error": error})
            self.transport.write(
                b"HTTP/1.1 %d \r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
                b"connection: close\r\n\r\n%b" % (status, len(body), body)
            )
        self.transport.close()

    def _refuse_headers(self) -> None:
        self._refuse(431, "headers_too_large", f"the headers exceed {self.limits.max_header_bytes} bytes")

    # --- the parser's calls

    def on_message_begin(self) -> None:
        """Start a request."""
        super().on_message_begin()
        if not self._in_head:
            self._in_head, self._head_bytes = True, 0
            self._since = self.loop.time()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header; fields of a trailer come after the body and are dropped, as RFC 9110 allows."""
        if self._in_head:
            name, value = name.lower(), value.rstrip(b" \t")  # the parser leaves white space behind a value
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Start answering."""
        self._in_head = False
        parser = self.parser
        self._check_head()
        if (
            parser.should_upgrade()
            and self._get_upgrade() != _WEBSOCKET
            and parser.get_method() != b"CONNECT"
        ):
            return  # asked again without the upgrade by _refuse_or_ignore_upgrade
        scope = self.scope
        scope["method"] = parser.get_method().decode("ascii")
        version = parser.get_http_version()
        scope["http_version"] = version
        raw_path, _, query = self.url.partition(b"#")[0].partition(b"?")
        scope["raw_path"] = raw_path
        scope["path"] = raw_path.decode("latin-1")
        scope["query_string"] = query
        existing = self.cycle
        cycle = self.cycle = Cycle(
            loop=self.loop,
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
            protocol=self,
            turns=self._turns,
        )
        scope["extensions"] = cast(Any, {EXTENSION: cycle})
        if existing is None or existing.response_complete:
            self._running = cycle
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def _check_head(self) -> None:
        """Refuse what the parser lets through; an error stops it.

        Raises:
            ValueError: The request was refused.
        """
        if self._head_bytes > self.limits.max_header_bytes:
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > self.limits.max_header_bytes:
                self._refuse_headers()
                raise ValueError("too many headers")
        if self.parser.get_http_version() not in _VERSIONS:
            self._refuse(505, "bad_request", "expected HTTP/1.1")
            raise ValueError("unknown version")

    def on_body(self, body: bytes) -> None:
        """Hand a piece on."""
        if not self._is_skipping:
            self._since = self.loop.time()
            self.cycle.add(body)

    def on_message_complete(self) -> None:
        """End the body."""
        if self.cycle is not None and not self.parser.should_upgrade():
            self.cycle.end_body()

    def straight_body_moved(self) -> None:
        """Note a sign of life."""
        self._since = self.loop.time()

    def straight_body_came(self) -> None:
        """End the body; the next request is read by a parser that expects one."""
        self.parser = httptools.HttpRequestParser(self)
        self.cycle.end_body()

    def straight_body_left(self, read: memoryview) -> None:
        """Have the parser skip what was read meanwhile."""
        self._is_skipping = True
        for start in range(0, len(read), _SKIPPED_BYTES):
            self.parser.feed_data(read[start : start + _SKIPPED_BYTES])
        self._is_skipping = False

    def on_response_complete(self) -> None:
        """Go on with the next request, or begin to wait for it."""
        waiting = self.pipeline[-1][0] if self.pipeline else None
        super().on_response_complete()
        if waiting is not None:
            self._running = cast(Cycle, waiting)
        elif self.cycle.more_body:  # what is left of the body is read and dropped
            self._unset_keepalive_if_required()

    def _refuse_or_ignore_upgrade(self, rest: bytes) -> None:
        """Take a request that offers another protocol for what it is without the offer (RFC 9110, 7.8)."""
        if self._get_upgrade() == _WEBSOCKET or self.scope.get("method") == "CONNECT":
            self.cycle.keep_alive = False
            self.cycle.end_body()
            return
        if self._is_replay:
            self._refuse(400, "bad_request", "the request is not valid HTTP/1.1")
            return
        head = self._head_without_upgrade()
        self.parser = httptools.HttpRequestParser(self)
        self._in_head, self._head_bytes, self._is_replay = True, 0, True
        self.data_received(head + rest)
        self._is_replay = False

    def _head_without_upgrade(self) -> bytes:
        dropped = (b"connection", b"upgrade", b"http2-settings")
        lines = [b"%b %b HTTP/1.1" % (self.parser.get_method(), self.url)]
        lines += [name + b": " + value for name, value in self.headers if name not in dropped]
        return b"\r\n".join([*lines, b"\r\n"])
