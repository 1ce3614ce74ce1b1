"""OpenTelemetry traces: a server span per request, below it the parts of our work and the upstream's span.

Needs the extra `telemetry`; nobody imports this module unless `telemetry.otlp_endpoint` is set. Attributes
are names, sizes and verdicts: never image data, prompts or keys.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace as otel
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway.relay.callers.incoming import Headers
from gateway.relay.exchange import Exchange
from gateway.relay.genai import error_type, operation_name, provider_name
from gateway.relay.tracing import Part
from gateway.settings import Telemetry

_CONTEXT_HEADERS = frozenset({b"traceparent", b"tracestate"})
_COLLECTOR_SECONDS = 2.0  # a collector that is silent must not hold up the end of the process
_PROPAGATOR = TraceContextTextMapPropagator()


class OpenTelemetry:
    """Sends traces to a collector by OTLP over HTTP, in the background."""

    def __init__(self, settings: Telemetry, version: str, processor: SpanProcessor | None = None) -> None:
        """Take where to send what share of traces.

        Args:
            settings: Without an endpoint, only `processor` is told.
            version: Of the gateway.
            processor: Instead of the one that sends.
        """
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.sample_ratio)),
            resource=Resource.create({"service.name": "jnd-gateway", "service.version": version}),
        )
        self._provider.add_span_processor(processor or BatchSpanProcessor(_exporter(settings)))
        self._tracer = self._provider.get_tracer("jnd-gateway", version)

    def begin(self, method: str, path: str, headers: Headers) -> "RequestTrace":
        """Start the server span, below the caller's own where it names one."""
        carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in _of_trace(headers)}
        span = self._tracer.start_span(
            f"{method} {path}",
            context=_PROPAGATOR.extract(carrier, Context()),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method, "url.path": path},
        )
        return RequestTrace(self._tracer, span)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


class RequestTrace:
    """The spans of one request."""

    def __init__(self, tracer: otel.Tracer, span: Span) -> None:
        self._tracer = tracer
        self._span = span
        self._below = otel.set_span_in_context(span, Context())
        self._upstream: Span | None = None

    @contextmanager
    def part(self, name: str) -> Iterator[Part]:
        """Give the block a span."""
        span = self._tracer.start_span(f"jnd.{name}", context=self._below)
        try:
            yield _SpanPart(span)
        except BaseException as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            span.end()

    def asking(self, headers: Headers) -> Headers:
        """Start the upstream's span, and name it in the headers."""
        self._upstream = self._tracer.start_span("upstream", context=self._below, kind=SpanKind.CLIENT)
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, otel.set_span_in_context(self._upstream, Context()))
        own = [(name.encode(), value.encode()) for name, value in carrier.items()]
        return [item for item in headers if item[0] not in _CONTEXT_HEADERS] + own

    def finish(self, exchange: Exchange) -> None:
        """End the upstream's span and the request's."""
        failure = error_type(exchange)
        genai = {
            "gen_ai.operation.name": operation_name(exchange.dialect),
            "gen_ai.provider.name": provider_name(exchange.provider),
            "gen_ai.request.model": exchange.model,
        }
        if self._upstream is not None:
            self._upstream.update_name(f"{operation_name(exchange.dialect)} {exchange.model}".strip())
            self._upstream.set_attributes(genai | {"jnd.upstream": exchange.upstream})
            _end(self._upstream, exchange, failure)
        self._span.set_attributes(
            genai
            | {
                "jnd.request_id": exchange.request_id,
                "jnd.client": exchange.client,
                "jnd.policy": exchange.policy.name,
                "jnd.verdict": exchange.verdict,
                "jnd.reasons": exchange.reasons,
                "jnd.unchecked": exchange.unchecked_reasons,
                "jnd.images": len(exchange.outcomes),
                "jnd.bytes_saved": exchange.bytes_saved,
                "jnd.tokens_saved": exchange.tokens_saved,
                "jnd.overhead_seconds": exchange.times.overhead_seconds,
            }
        )
        _end(self._span, exchange, failure)


class _SpanPart:
    """A part of a request, as a span."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def tell(self, name: str, value: str | int | float) -> None:
        """Keep it as an attribute."""
        self._span.set_attribute(f"jnd.{name}", value)


def _exporter(settings: Telemetry) -> OTLPSpanExporter:
    if settings.otlp_endpoint is None:
        raise ValueError("expected telemetry.otlp_endpoint, got none")
    return OTLPSpanExporter(
        endpoint=settings.otlp_endpoint.rstrip("/") + "/v1/traces", timeout=_COLLECTOR_SECONDS
    )


def _of_trace(headers: Headers) -> Headers:
    return [item for item in headers if item[0] in _CONTEXT_HEADERS]


def _end(span: Span, exchange: Exchange, failure: str) -> None:
    span.set_attribute("http.response.status_code", exchange.status)
    if failure:
        span.set_attribute("error.type", failure)
        span.set_status(Status(StatusCode.ERROR, failure))
    span.end()
