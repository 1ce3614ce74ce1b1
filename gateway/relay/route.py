"""What every kind of request shares: the way to the upstream and back, errors on the way, accounting."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import Send

from gateway.compression.audit.shadow import Repeat
from gateway.dialects.protocol import Dialect
from gateway.errors import GatewayError
from gateway.metrics import Metrics
from gateway.relay.accounting import account_for
from gateway.relay.callers.drain import Drain, this_task
from gateway.relay.callers.incoming import ClientHangUpError, Headers, Incoming
from gateway.relay.callers.request_id import request_id
from gateway.relay.exchange import Exchange
from gateway.relay.explaining import explaining_headers
from gateway.relay.tracing import Tracer
from gateway.relay.upstreams.answer import Answer, UpstreamCutError
from gateway.relay.upstreams.destination import Destination, without_keys
from gateway.relay.upstreams.upload import Body, Whole
from gateway.relay.upstreams.upstream import forwardable

log = logging.getLogger(__name__)

_EVENT_STREAM = b"text/event-stream"


def nobody_minds(_: str) -> None:
    """Forget who was accepted."""


@dataclass
class Request:
    """One request on its way through."""

    incoming: Incoming
    exchange: Exchange
    send: Send
    dialect: Dialect  # in which errors of ours are told
    tenant: str = ""  # once the caller is known
    repeat: Repeat | None = None  # asked again once it is answered


@dataclass(frozen=True)
class ApiRoute:
    """The way through the gateway."""

    metrics: Metrics
    drain: Drain
    tracer: Tracer
    accept: Callable[[str], None] = nobody_minds  # hears of tenants whose key the upstream knows

    async def serve(self, request: Request, answer: Callable[[Request], Awaitable[None]]) -> None:
        """Run `answer`; render what goes wrong in it, and account for the request.

        It is cancelled when the client hangs up.
        """
        incoming, exchange = request.incoming, request.exchange
        exchange.request_id = request_id(incoming.header(b"x-request-id"))
        exchange.trace = self.tracer.begin(incoming.method, exchange.path, incoming.headers)
        task = this_task()
        is_gone = False

        def leave() -> None:
            nonlocal is_gone
            is_gone = True
            task.cancel()

        incoming.call_on_hang_up(leave)
        self.metrics.in_flight.inc()
        try:
            await self._rendering_errors(request, answer, task)
        except ClientHangUpError:
            exchange.failures.append("client_hang_up")
        except asyncio.CancelledError:
            if not is_gone:
                raise
            task.uncancel()
            exchange.failures.append("client_hang_up")
        finally:
            incoming.forget()
            self.metrics.in_flight.dec()
            account_for(exchange, self.metrics)

    async def ask(
        self, request: Request, destination: Destination, path: bytes, body: Body, headers: Headers
    ) -> Answer:
        """Send the request on with this body, and wait for the head of the answer; the caller closes it.

        Raises:
            UnknownPathError: The upstream has nothing there.
            UpstreamUnreachableError: No connection, or it broke before the answer.
            UpstreamTimeoutError: No answer in time.
            UpstreamGarbledError: The answer is not HTTP.
        """
        incoming, exchange = request.incoming, request.exchange
        exchange.upstream, exchange.provider = destination.name, destination.provider
        target = destination.target(path, incoming.query)
        is_preflight = incoming.is_preflight
        passed = forwardable(headers)
        outgoing = exchange.trace.asking(
            without_keys(passed) if is_preflight else destination.headers(passed)
        )
        size_bytes = None if isinstance(body, Whole) else incoming.content_length
        with exchange.times.waiting_for_upstream():
            answer = await destination.upstream.send(
                incoming.method, target, outgoing, body, size_bytes=size_bytes
            )
        exchange.is_forwarded = True
        is_judged = destination.credential is None or bool(exchange.client)  # by us, where the key is ours
        if answer.status < HTTPStatus.MULTIPLE_CHOICES and is_judged and not is_preflight:
            self.accept(request.tenant)
        exchange.is_stream = any(
            name == b"content-type" and value.startswith(_EVENT_STREAM) for name, value in answer.headers
        )
        exchange.answer_starts(answer.status)
        return answer

    async def _rendering_errors(
        self, request: Request, answer: Callable[[Request], Awaitable[None]], task: asyncio.Task[object]
    ) -> None:
        exchange = request.exchange
        try:
            with self.drain.limiting(exchange, task):
                await answer(request)
        except GatewayError as error:
            if request.incoming.is_abandoned:  # a body that broke off makes the upstream look broken
                raise ClientHangUpError from error
            exchange.failures.append(error.kind)
            await self._send_error(error, request)
        except UpstreamCutError as error:
            exchange.failures.append(error.kind)
            log.warning("an answer was broken off: %s", error.kind)
            request.incoming.break_off_answer()
        except ClientHangUpError:
            raise
        except Exception:
            # The one outer handler: a bug becomes a 500 in the caller's dialect, or a visibly broken answer.
            log.exception("request failed")
            exchange.failures.append("internal")
            await self._send_error(GatewayError("the gateway failed"), request)

    async def _send_error(self, error: GatewayError, request: Request) -> None:
        exchange = request.exchange
        if exchange.status:  # an answer is under way: all that is left is not to let it look whole
            request.incoming.break_off_answer()
            return
        exchange.answer_starts(error.http_status)
        body = request.dialect.error_body(error)
        headers: Headers = [(b"content-type", b"application/json")]
        headers += [(b"content-length", str(len(body)).encode())]
        headers += [(name.encode(), value.encode()) for name, value in error.headers.items()]
        headers += explaining_headers(exchange)
        await request.send({"type": "http.response.start", "status": error.http_status, "headers": headers})
        await request.send({"type": "http.response.body", "body": body, "more_body": False})
