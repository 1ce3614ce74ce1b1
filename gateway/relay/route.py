"""What every kind of request shares: the way to the upstream and back, errors on the way, accounting."""

import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
from starlette.types import Send

from gateway.dialects.protocol import Dialect
from gateway.errors import GatewayError
from gateway.metrics import Metrics
from gateway.relay.accounting import account_for
from gateway.relay.exchange import Exchange
from gateway.relay.explaining import explaining_headers
from gateway.relay.incoming import ClientHangUpError, Headers, Incoming, until_hung_up
from gateway.relay.request_id import request_id
from gateway.relay.tracing import Tracer
from gateway.relay.upstream import Body, Upstream, UpstreamCutError, forwardable

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ApiRoute:
    """One API's way through the gateway."""

    upstream: Upstream
    metrics: Metrics
    dialect: Dialect  # of our own errors
    provider: str
    prefix: str
    tracer: Tracer

    @contextlib.asynccontextmanager
    async def serving(self, incoming: Incoming, exchange: Exchange, send: Send) -> AsyncIterator[None]:
        """Run the block that answers; render what goes wrong in it, and account for the request.

        The block is cancelled when the client hangs up.
        """
        exchange.trace = self.tracer.begin(incoming.method, exchange.path, incoming.headers)
        exchange.request_id = request_id(incoming.header(b"x-request-id"))
        with self.metrics.in_flight.track_inprogress():
            try:
                async with until_hung_up(incoming), self._rendering_errors(incoming, exchange, send):
                    yield
            except ClientHangUpError:
                exchange.failures.append("client_hang_up")
            finally:
                account_for(exchange, self.metrics)

    async def ask(self, incoming: Incoming, exchange: Exchange, body: Body) -> aiohttp.ClientResponse:
        """Send the request on with this body, and wait for the head of the answer; the caller closes it.

        Raises:
            UpstreamUnreachableError: No connection, or it broke before the answer.
            UpstreamTimeoutError: No answer in time.
        """
        target = incoming.raw_path[len(self.prefix) + len("/v1") :] + _query(incoming)
        size_bytes = incoming.content_length if not isinstance(body, bytes) else None
        headers = exchange.trace.asking(forwardable(incoming.headers))
        with exchange.times.waiting_for_upstream():
            response = await self.upstream.send(
                incoming.method, target.decode("latin-1"), headers, body, size_bytes=size_bytes
            )
        exchange.is_forwarded = True
        exchange.is_stream = response.content_type == "text/event-stream"
        return response

    @contextlib.asynccontextmanager
    async def _rendering_errors(
        self, incoming: Incoming, exchange: Exchange, send: Send
    ) -> AsyncIterator[None]:
        try:
            yield
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
        headers += explaining_headers(exchange)
        await send({"type": "http.response.start", "status": error.http_status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


def _query(incoming: Incoming) -> bytes:
    return b"?" + incoming.query if incoming.query else b""
