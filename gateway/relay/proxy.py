"""Answer requests: look into chat completions, pass everything else through untouched.

Plain ASGI, no middleware: a caller who hangs up is noticed at any moment, and only bodies that are looked
into are held in memory.
"""

import hashlib
import logging
from collections.abc import Callable, Coroutine
from contextlib import closing
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from gateway.dialects.protocol import Dialect
from gateway.errors import GatewayError
from gateway.metrics import Metrics
from gateway.relay.body import BodyWork, Problem
from gateway.relay.exchange import Exchange
from gateway.relay.incoming import BodyTooLargeError, ClientHangUpError, Headers, Incoming, unless_hung_up
from gateway.relay.upstream import Body, Upstream, UpstreamCutError, forwardable, relay

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Route:
    """What every kind of request shares: the way to the upstream and back, errors, counting."""

    upstream: Upstream
    metrics: Metrics
    dialect: Dialect  # of our own errors
    provider: str
    prefix: str

    async def serve(
        self, incoming: Incoming, exchange: Exchange, send: Send, answer: Coroutine[None, None, None]
    ) -> None:
        """Await `answer`, render what goes wrong, and account for the request."""
        with self.metrics.in_flight.track_inprogress():
            try:
                await unless_hung_up(incoming, self._guard(incoming, exchange, send, answer))
            except ClientHangUpError:
                exchange.failures.append("client_hang_up")
            finally:
                exchange.finish(self.metrics)

    async def forward(
        self,
        incoming: Incoming,
        exchange: Exchange,
        send: Send,
        body: Body,
        own_headers: Callable[[], Headers],
    ) -> None:
        """Send the request on with this body, and relay the answer with our headers added."""
        target = incoming.raw_path[len(self.prefix) + len("/v1") :] + _query(incoming)
        size_bytes = incoming.content_length if not isinstance(body, bytes) else None
        headers = forwardable(incoming.headers)
        with exchange.waiting_for_upstream():
            response = await self.upstream.send(
                incoming.method, target.decode("latin-1"), headers, body, size_bytes=size_bytes
            )
        exchange.is_forwarded = True
        with closing(response):
            exchange.answer_starts(response.status)
            await relay(response, send, own_headers())

    async def _guard(
        self, incoming: Incoming, exchange: Exchange, send: Send, answer: Coroutine[None, None, None]
    ) -> None:
        try:
            await answer
        except GatewayError as error:
            if incoming.is_abandoned:  # a body that broke off makes the upstream look broken
                raise ClientHangUpError from error
            exchange.failures.append(error.kind)
            await self._send_error(error, exchange, send)
        except UpstreamCutError as error:
            # No last piece is sent: the server closes the connection, and the client sees a broken answer.
            exchange.failures.append(error.kind)
            log.warning("the upstream broke off its answer: %s", error.kind)
        except ClientHangUpError:
            raise
        except Exception:
            # The one outer handler: a bug becomes a 500 in the caller's dialect, or a visibly broken answer.
            log.exception("request failed")
            exchange.failures.append("internal")
            if not exchange.status:
                await self._send_error(GatewayError("the gateway failed"), exchange, send)

    async def _send_error(self, error: GatewayError, exchange: Exchange, send: Send) -> None:
        exchange.answer_starts(error.http_status)
        body = self.dialect.error_body(error)
        headers: Headers = [(b"content-type", b"application/json")]
        headers += [(b"content-length", str(len(body)).encode())]
        headers += [(name.encode(), value.encode()) for name, value in error.headers.items()]
        headers += exchange.headers()
        await send({"type": "http.response.start", "status": error.http_status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


@dataclass(frozen=True)
class PassThrough:
    """Forwards any request as it comes, both ways in pieces."""

    route: Route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        incoming = Incoming(scope, receive)
        exchange = Exchange("passthrough", self.route.provider, scope["path"])
        if not incoming.has_body:
            incoming.without_body()
        body = incoming.chunks() if incoming.has_body else None
        answer = self.route.forward(incoming, exchange, send, body, list)
        await self.route.serve(incoming, exchange, send, answer)


@dataclass(frozen=True)
class ChatCompletions:
    """Forwards chat completions with their images looked into."""

    route: Route
    work: BodyWork
    max_body_bytes: int
    allow_bypass: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        incoming = Incoming(scope, receive)
        exchange = Exchange(self.route.dialect.name, self.route.provider, scope["path"])
        await self.route.serve(incoming, exchange, send, self._answer(incoming, exchange, send))

    async def _answer(self, incoming: Incoming, exchange: Exchange, send: Send) -> None:
        body: Body
        try:
            body = await self._treated(incoming, exchange)
        except BodyTooLargeError:
            message = f"expected a body of at most {self.max_body_bytes} bytes"
            self.work.give_up(Problem("body_too_large", message), exchange)
            body = incoming.chunks()
        await self.route.forward(incoming, exchange, send, body, exchange.headers)

    async def _treated(self, incoming: Incoming, exchange: Exchange) -> bytes:
        body = await incoming.read(self.max_body_bytes)
        exchange.body_arrived()
        if incoming.header(b"content-encoding") not in (b"", b"identity"):
            self.work.give_up(Problem("encoded_body", "a compressed body cannot be looked into"), exchange)
            return body
        is_bypassed = self.allow_bypass and incoming.header(b"x-jnd-bypass").lower() == b"true"
        return await self.work.treat(body, exchange, tenant=_tenant(incoming), is_bypassed=is_bypassed)


def _tenant(incoming: Incoming) -> str:
    """Tell callers apart by their key, without keeping the key."""
    return hashlib.sha256(incoming.header(b"authorization")).hexdigest()


def _query(incoming: Incoming) -> bytes:
    return b"?" + incoming.query if incoming.query else b""
