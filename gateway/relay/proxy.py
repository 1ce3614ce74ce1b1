"""Answer requests: look into those of a dialect, pass everything else through untouched.

Plain ASGI, no middleware: a caller who hangs up is noticed at any moment, and only bodies that are looked
into are held in memory. Each request's way reads forward: prepare the body, ask the upstream, relay.
"""

import hashlib
import posixpath
from contextlib import closing
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from gateway.policy import Policies
from gateway.relay.body import BodyWork, Problem
from gateway.relay.exchange import Exchange
from gateway.relay.explaining import explaining_headers
from gateway.relay.incoming import BodyTooLargeError, Incoming
from gateway.relay.route import ApiRoute
from gateway.relay.upstream import Body, relay


@dataclass(frozen=True)
class PassThrough:
    """Forwards any request as it comes, both ways in pieces."""

    route: ApiRoute

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        incoming = Incoming(scope, receive)
        exchange = Exchange("passthrough", self.route.provider, scope["path"])
        if not incoming.has_body:
            incoming.without_body()
        async with self.route.serving(incoming, exchange, send):
            body = incoming.chunks() if incoming.has_body else None
            with closing(await self.route.ask(incoming, exchange, body)) as response:
                exchange.answer_starts(response.status)
                await relay(response, send, [])


@dataclass(frozen=True)
class InspectedApi:
    """Forwards the requests of one dialect with their images looked into."""

    route: ApiRoute
    work: BodyWork
    max_body_bytes: int
    allow_bypass: bool
    policies: Policies

    def takes(self, scope: Scope) -> bool:
        """Tell whether this request is of the dialect."""
        return self.route.dialect.takes(self._path(scope))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        incoming = Incoming(scope, receive)
        exchange = Exchange(
            self.route.dialect.name, self.route.provider, scope["path"], api_path=self._path(scope)
        )
        async with self.route.serving(incoming, exchange, send):
            exchange.policy = self.policies.default
            body = await self._prepare(incoming, exchange)
            with closing(await self.route.ask(incoming, exchange, body)) as response:
                exchange.answer_starts(response.status)
                await relay(response, send, explaining_headers(exchange))

    async def _prepare(self, incoming: Incoming, exchange: Exchange) -> Body:
        """Return the body to send on: looked into, or as it comes where that cannot be done."""
        try:
            body = await incoming.read(self.max_body_bytes)
        except BodyTooLargeError:
            message = f"expected a body of at most {self.max_body_bytes} bytes"
            self.work.give_up(Problem("body_too_large", message), exchange)
            return incoming.chunks()
        exchange.times.body_arrived()
        if incoming.header(b"content-encoding") not in (b"", b"identity"):
            self.work.give_up(Problem("encoded_body", "a compressed body cannot be looked into"), exchange)
            return body
        is_bypassed = self.allow_bypass and incoming.header(b"x-jnd-bypass").lower() == b"true"
        return await self.work.treat(
            body, exchange, self.route.dialect, tenant=self._tenant(incoming), is_bypassed=is_bypassed
        )

    def _path(self, scope: Scope) -> str:
        return posixpath.normpath(str(scope["path"])).removeprefix(self.route.prefix)

    def _tenant(self, incoming: Incoming) -> str:
        """Tell callers apart by their keys, without keeping them."""
        keys = (incoming.header(name) for name in self.route.dialect.credential_headers)
        return hashlib.sha256(b"\0".join(keys)).hexdigest()
