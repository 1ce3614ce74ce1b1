"""Traces as a collector receives them, from a live gateway over real sockets."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.relay.exchange import Exchange
from gateway.settings import Telemetry
from gateway.telemetry import OpenTelemetry

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@dataclass
class Collector:
    """What arrived by OTLP."""

    port: int = 0
    paths: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)

    def by_name(self, count: int) -> dict[str, Span]:
        """Return the spans by name as soon as there are so many."""
        deadline = time.monotonic() + 15
        while len(self.spans) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return {span.name: span for span in self.spans}


@pytest.fixture
def collector() -> Iterator[Collector]:
    received = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            received.paths.append(self.path)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                received.spans.extend(span for scope in resource.scope_spans for span in scope.spans)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


def facts(span: Span) -> dict[str, object]:
    """Return a span's attributes that are words or numbers."""
    found = {item.key: item.value for item in span.attributes}
    return {
        key: getattr(value, value.WhichOneof("value")) for key, value in found.items() if value.ByteSize()
    }


def test_a_request_is_a_tree_of_spans_below_the_callers_own(gateway, upstream, collector, png, chat_body):
    server = gateway(telemetry={"otlp_endpoint": f"http://127.0.0.1:{collector.port}"})

    server.chat(chat_body(png), traceparent=f"00-{TRACE}-{PARENT}-01", tracestate="a=b")
    spans = collector.by_name(4)

    request = spans["POST /v1/chat/completions"]
    children = {name: span for name, span in spans.items() if span is not request}
    assert set(collector.paths) == {"/v1/traces"}
    assert set(children) == {"jnd.look", "jnd.image", "chat m"}
    assert {span.trace_id.hex() for span in spans.values()} == {TRACE}
    assert request.parent_span_id.hex() == PARENT
    assert {span.parent_span_id for span in children.values()} == {request.span_id}
    assert (request.kind, spans["chat m"].kind) == (Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT)
    told = facts(request)
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.provider.name"] == "test"
    assert told["gen_ai.request.model"] == "m"
    assert told["http.response.status_code"] == 200
    assert told["jnd.verdict"] == "clean"
    assert told["jnd.bytes_saved"] > 0
    assert facts(spans["jnd.image"])["jnd.bytes_in"] == len(png)
    sent = dict(upstream.last["headers"])
    assert sent[b"traceparent"].decode() == f"00-{TRACE}-{spans['chat m'].span_id.hex()}-01"
    assert sent[b"tracestate"] == b"a=b"


def test_neither_pictures_nor_prompts_nor_keys_are_in_a_trace(gateway, collector, png, chat_body):
    server = gateway(telemetry={"otlp_endpoint": f"http://127.0.0.1:{collector.port}"})
    body = chat_body(png)

    server.chat(body, authorization="Bearer s3cret")
    collector.by_name(4)

    told = b"".join(span.SerializeToString() for span in collector.spans)
    assert collector.spans
    assert b"s3cret" not in told
    assert b"Was ist" not in told
    assert b"base64" not in told


def test_without_an_endpoint_the_callers_own_context_passes_untouched(gateway, upstream, chat_body):
    gateway().chat(chat_body(), traceparent=f"00-{TRACE}-{PARENT}-01")

    assert dict(upstream.last["headers"])[b"traceparent"].decode() == f"00-{TRACE}-{PARENT}-01"


def test_without_an_endpoint_the_sdk_is_not_even_imported():
    code = (
        "import sys, gateway.app\n"
        "from gateway.relay.tracing import tracer_for\n"
        "from gateway.settings import Telemetry\n"
        "tracer_for(Telemetry())\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry.sdk')]"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def kept(settings: Telemetry, *exchanges: Exchange, headers: list[tuple[bytes, bytes]] | None = None):
    """Return the spans of requests that asked the upstream."""
    exporter = InMemorySpanExporter()
    tracer = OpenTelemetry(settings, "1", SimpleSpanProcessor(exporter))
    for exchange in exchanges:
        exchange.trace = tracer.begin("POST", "/v1/chat/completions", headers or [])
        exchange.trace.asking([])
        exchange.trace.finish(exchange)
    tracer.close()
    return exporter.get_finished_spans()


def test_a_failure_marks_the_request_and_its_upstream():
    failed = Exchange("openai_chat", "openai", "/", status=502, failures=["upstream_timeout"])

    spans = kept(Telemetry(), failed)

    assert [span.attributes["error.type"] for span in spans] == ["upstream_timeout"] * 2
    assert [span.status.is_ok for span in spans] == [False] * 2


def test_of_requests_without_a_parent_a_share_is_traced():
    fine = Exchange("openai_chat", "openai", "/", status=200)
    parent = [(b"traceparent", f"00-{TRACE}-{PARENT}-01".encode())]

    assert kept(Telemetry(sample_ratio=0), fine) == ()
    assert len(kept(Telemetry(sample_ratio=0), fine, headers=parent)) == 2


def test_a_silent_collector_does_not_hold_up_the_end():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        tracer = OpenTelemetry(Telemetry(otlp_endpoint=endpoint), "1")
        tracer.begin("GET", "/", []).finish(Exchange("openai_chat", "openai", "/", status=200))
        began = time.monotonic()

        tracer.close()

    assert time.monotonic() - began < 5
