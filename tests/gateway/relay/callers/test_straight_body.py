import socket
import time

import pytest

from gateway.errors import QueueFullError
from gateway.relay.callers.http_server import server_config
from gateway.relay.callers.incoming import Incoming
from gateway.relay.callers.straight_body import LEAST_BYTES
from gateway.settings import Settings
from tests.gateway.conftest import listening
from tests.gateway.relay.raw import call

CHAT = b"POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\n"
PLAIN = CHAT + b"content-length: 2\r\n\r\n{}"


def _request(body: bytes) -> bytes:
    return CHAT + b"content-length: %d\r\n\r\n" % len(body) + body


def _body(size_bytes: int) -> bytes:
    """Return a body no stretch of which is like another."""
    numbers = b",".join(b"%d" % number for number in range(size_bytes // 6 + 20))
    return b'{"a":[' + numbers[: size_bytes - 8] + b"]}"


@pytest.mark.parametrize(
    "size_bytes", [LEAST_BYTES - 1, LEAST_BYTES, LEAST_BYTES + 1, 255_900, 256_000, 1_048_576, 5_000_000]
)
@pytest.mark.parametrize("pause_after", [0, 30, 131_200])
def test_a_body_of_any_size_arrives_whole_and_the_next_request_behind_it(
    gateway, upstream, size_bytes, pause_after
):
    body = _body(size_bytes)
    sent = _request(body) + PLAIN + _request(body) + PLAIN
    server = gateway()

    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(sent[:pause_after])
        time.sleep(0.05 if pause_after else 0)
        client.sendall(sent[pause_after:])
        received = b""
        while received.count(b"HTTP/1.1 200 ") < 4 and (piece := client.recv(65536)):
            received += piece

    assert [request["body"] for request in upstream.requests] == [body, b"{}", body, b"{}"]


def test_a_large_body_that_falls_silent_is_a_408(gateway, upstream):
    server = gateway(listen={"body_timeout_seconds": 0.3})
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(_request(_body(1_000_000))[:600_000])
        received = client.recv(4096)

    assert received.startswith(b"HTTP/1.1 408 ")
    assert upstream.requests == []


def test_a_caller_that_leaves_in_the_middle_is_counted(gateway, upstream):
    server = gateway()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(_request(_body(1_000_000))[:600_000])

    assert server.settles_at('jnd_errors_total{kind="client_hang_up"}', 1)
    assert server.settles_at("jnd_queue_bytes", 0)
    assert upstream.requests == []


class _SmallRoom:
    """Room for what is announced, until half of it has come."""

    def expect(self, _: int) -> None: ...

    def reach(self, size_bytes: int) -> None:
        if size_bytes > 400_000:
            raise QueueFullError("no room")


async def _app(scope, receive, send) -> None:
    status = 200
    try:
        await Incoming(scope, receive).read(10_000_000, _SmallRoom())
    except QueueFullError:
        status = 429
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def test_the_rest_of_a_body_nobody_wants_is_dropped_and_the_connection_goes_on():
    config = server_config(_app, Settings(), port=0, lifespan="off")
    with listening(_app, config) as server:
        received = call(server.port, _request(_body(3_000_000)) + PLAIN)

    assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"429", b"200"]
