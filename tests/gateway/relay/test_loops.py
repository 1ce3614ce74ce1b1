import socket

import pytest

from gateway.app import create_app
from gateway.errors import LoopError
from gateway.relay.callers.http_server import server_config
from gateway.relay.callers.incoming import Incoming
from gateway.relay.loops import is_loopback, passed_here
from gateway.settings import Settings
from tests.gateway.conftest import listening


def _incoming(*headers: tuple[bytes, bytes], port: int | None = 8080) -> Incoming:
    scope = {"method": "POST", "headers": list(headers), "raw_path": b"/", "query_string": b""}
    return Incoming(scope | {"server": ("127.0.0.1", port)}, None)


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("http://localhost:8080/v1", True),
        ("http://127.0.0.1:8080/v1", True),
        ("http://127.9.9.9/v1", True),
        ("http://[::1]:8080", True),
        ("http://0.0.0.0:8080/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://vllm:8000/v1", False),
        ("http://10.0.0.1/v1", False),
    ],
)
def test_this_machine_is_known_by_its_address(base_url, expected):
    assert is_loopback(base_url) is expected


def test_every_gateway_on_the_way_adds_itself():
    assert passed_here(_incoming()) == (b"x-jnd-passed", b"8080")
    assert passed_here(_incoming((b"x-jnd-passed", b"18080,80"))) == (b"x-jnd-passed", b"18080,80,8080")


def test_who_passed_already_does_not_pass_again():
    with pytest.raises(LoopError, match="leads back"):
        passed_here(_incoming((b"x-jnd-passed", b"80,8080,90")))


@pytest.mark.parametrize("target", ["/v1/chat/completions", "/v1/files"])
def test_a_gateway_before_itself_says_so_at_once(make_pipeline, target):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = Settings(upstream={"base_url": f"http://localhost:{port}/v1"}, listen={"port": port})
    app = create_app(settings, make_pipeline(settings))

    with listening(app, server_config(app, settings, timeout_graceful_shutdown=1)) as server:
        answer = server.ask("POST", target, b"{}")

    assert (answer.status, answer.error["code"]) == (508, "loop")


def test_two_gateways_in_a_row_are_no_loop(gateway, upstream):
    inner = gateway()
    outer = gateway(upstream={"base_url": f"http://127.0.0.1:{inner.port}/v1"})

    assert outer.chat(b"{}").status == 200
    assert dict(upstream.last["headers"])[b"x-jnd-passed"] == b"%d,%d" % (outer.port, inner.port)
