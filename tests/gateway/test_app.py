import asyncio
import contextlib
import socket
from typing import Any

import orjson
import pytest

from gateway.app import Gateway, create_app
from gateway.memory.redis_memory import share_memory
from gateway.metrics import Metrics
from gateway.relay.callers.drain import Drain
from gateway.settings import Settings


def test_gateway_says_it_is_alive_and_ready(gateway):
    server = gateway(models={"gpt-4o": "gpt-4o"})

    alive, ready = server.ask("GET", "/livez"), server.ask("GET", "/readyz")

    assert (alive.status, ready.status) == (200, 200)
    assert orjson.loads(ready.body) == {"status": "ready", "artifact": "a1", "models": ["gpt-4o"]}


def test_readyz_tells_whether_machines_share_a_memory_and_is_ready_without(make_pipeline):
    settings = Settings.model_validate({"memory": {"redis_url": "redis://127.0.0.1:1"}})
    metrics = Metrics(())
    memory = share_memory(settings, metrics)
    assert memory is not None
    memory.errands.close()
    app = create_app(settings, make_pipeline(), metrics=metrics, memory=memory)

    shown = asyncio.run(app.pages["/readyz"]())

    assert shown.status == 200
    assert orjson.loads(shown.body)["memory"] == {"state": "alone", "trouble": "away"}


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "OPTIONS"])
@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_own_pages_hear_no_method_that_changes_things(gateway, upstream, method, path):
    answer = gateway().ask(method, path)

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.error["code"] == "method_not_allowed"
    assert upstream.requests == []


@pytest.mark.parametrize("path", ["/livez/", "//livez", "/%6Civez", "/x/../livez", "/readyz/", "/metrics/"])
def test_own_pages_are_ours_however_their_path_is_spelt(gateway, upstream, path):
    server = gateway()

    assert (server.ask("GET", path).status, server.ask("HEAD", path).status) == (200, 200)
    assert upstream.requests == []


def test_being_ready_does_not_depend_on_the_upstream(gateway):
    assert gateway(upstream={"base_url": "http://127.0.0.1:9/v1"}).ask("GET", "/readyz").status == 200


def test_requests_are_counted_by_dialect_model_and_status(gateway):
    server = gateway()

    server.chat(b'{"model": "m"}')
    server.chat(b'{"model": "made-up"}', x_test="error")
    server.ask("GET", "/v1/models")

    assert server.settles_at('jnd_requests_total{dialect="openai_chat",model="m",status="200"}', 1)
    assert server.settles_at('jnd_requests_total{dialect="openai_chat",model="other",status="429"}', 1)
    assert server.settles_at('jnd_requests_total{dialect="passthrough",model="other",status="200"}', 1)
    assert server.metric("jnd_upstream_seconds_count") == 3


def test_metrics_come_in_prometheus_format(gateway):
    answer = gateway().ask("GET", "/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert b"# TYPE jnd_requests_total counter" in answer.body


@pytest.mark.parametrize("path", ["/", "/chat/completions", "/v2/chat/completions"])
def test_unknown_path_is_told_what_may_be_missing(gateway, upstream, upstream_server, path):
    base = {"base_url": f"http://127.0.0.1:{upstream_server.port}/api"}

    answer = gateway(upstream=base).ask("POST", path, b"{}")

    assert answer.status == 404
    assert answer.error["code"] == "unknown_path"
    assert "/v1" in answer.error["message"]
    assert upstream.requests == []


def test_readyz_says_no_until_the_upstream_answers_and_livez_does_not_care(gateway):
    silent = socket.create_server(("127.0.0.1", 0), backlog=1)
    check = {"check_upstream": True, "interval_seconds": 0.05}
    with contextlib.closing(silent):
        down = gateway(
            readiness=check, upstream={"base_url": f"http://127.0.0.1:{silent.getsockname()[1]}/v1"}
        )
        answer = down.ask("GET", "/readyz")
        assert answer.status == 503
        assert orjson.loads(answer.body)["status"] == "not_ready"
        assert down.ask("GET", "/livez").status == 200

    up = gateway(readiness=check)
    assert up.settles_at('jnd_upstream_up{upstream="default"}', 1)
    ready = up.ask("GET", "/readyz")
    assert ready.status == 200
    assert orjson.loads(ready.body)["upstreams"] == {"default": True}


def test_readyz_tells_each_upstreams_state_and_one_dead_one_of_several_does_not_count(gateway):
    dead = {"name": "dead", "prefix": "/dead", "base_url": "http://127.0.0.1:9/v1"}
    server = gateway(readiness={"check_upstream": True, "interval_seconds": 0.05}, upstreams=[dead])
    assert server.settles_at('jnd_upstream_up{upstream="default"}', 1)

    answer = server.ask("GET", "/readyz")

    assert answer.status == 200
    assert orjson.loads(answer.body)["upstreams"]["default"] is True
    assert not orjson.loads(answer.body)["upstreams"]["dead"]


def test_readyz_says_null_of_an_upstream_nobody_has_asked(make_pipeline):
    app = create_app(Settings(readiness={"check_upstream": True}), make_pipeline())

    assert status_of(app, b"/readyz") == 503
    assert app.readiness.upstreams == {"default": None}


def test_readyz_says_no_while_the_gateway_drains(make_pipeline):
    drain = Drain()
    app = create_app(Settings(), make_pipeline(), drain=drain)

    before = status_of(app, b"/readyz")
    drain.begin()

    assert (before, status_of(app, b"/readyz"), status_of(app, b"/livez")) == (200, 503, 200)


def status_of(app: Gateway, path: bytes) -> int:
    """Ask for one of the gateway's own pages, without a server."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app({"type": "http", "method": "GET", "raw_path": path}, receive, send))
    return sent[0]["status"]
