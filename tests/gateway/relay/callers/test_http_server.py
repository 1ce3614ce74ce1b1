import contextlib
import socket
import time

import pytest

from gateway.relay.callers.http_server import server_config
from gateway.settings import Settings
from tests.gateway.conftest import listening
from tests.gateway.relay.raw import answering, call, raw_upstream

CHAT = b"POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\n"
PLAIN = CHAT + b"content-length: 2\r\n\r\n{}"


def _statuses(received: bytes) -> list[int]:
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize(
    "sent",
    [
        CHAT + b"content-length: 2\r\ncontent-length: 2\r\n\r\n{}",
        CHAT + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}x",
        CHAT + b"content-length: 2, 2\r\n\r\n{}",
        CHAT + b"content-length: +2\r\n\r\n{}",
        CHAT + b"content-length: 2 \x0b\r\n\r\n{}",
        CHAT + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        CHAT + b"transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        CHAT + b"transfer-encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        CHAT + b"transfer-encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        CHAT + b"transfer-encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        CHAT + b"transfer-encoding : chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        CHAT + b"transfer-encoding:\r\n chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        CHAT + b"x-folded: a\r\n b\r\ncontent-length: 2\r\n\r\n{}",
        CHAT + b"transfer-encoding: chunked\r\n\r\n2x\r\n{}\r\n0\r\n\r\n",
        CHAT + b"transfer-encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        CHAT + b"transfer-encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
        CHAT + b"transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        CHAT + b"transfer-encoding: chunked\r\n\r\n2\r\n{}GET /evil HTTP/1.1\r\n\r\n",
        CHAT + b"transfer-encoding: chunked\r\n\r\n2\n{}\n0\n\n",
        CHAT + b"x: a\rb\r\ncontent-length: 2\r\n\r\n{}",
        CHAT + b"x: a\0b\r\ncontent-length: 2\r\n\r\n{}",
        CHAT + b"x y: a\r\ncontent-length: 2\r\n\r\n{}",
        CHAT + b": a\r\ncontent-length: 2\r\n\r\n{}",
        b"POST /v1/chat completions HTTP/1.1\r\nhost: g\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\n host: g\r\n\r\n",
        b"EVIL /v1/models HTTP/1.1\r\nhost: g\r\n\r\n",
        b"GET /v1/models HTTP/2.0\r\nhost: g\r\n\r\n",
        b"GET /v1/models\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_no_other_request_than_a_plain_clients_reaches_the_upstream(gateway, upstream, sent):
    received = call(gateway().port, sent + PLAIN)

    statuses = _statuses(received)
    assert statuses[:1] in ([400], [501], [505]) or statuses == []
    assert all(request["target"] == "/v1/chat/completions" for request in upstream.requests)
    assert all(request["body"] == b"{}" for request in upstream.requests)


def test_white_space_behind_a_value_is_no_part_of_it(gateway, upstream):
    server = gateway()

    looked_into = call(server.port, CHAT + b"content-length: 2 \t\r\n\r\n{}")
    passed_on = call(server.port, b"POST /v1/files HTTP/1.1\r\nhost: g\r\ncontent-length: 2 \r\n\r\n{}")

    assert _statuses(looked_into) == _statuses(passed_on) == [200]
    assert [request["body"] for request in upstream.requests] == [b"{}", b"{}"]


def test_a_trailer_is_never_taken_for_headers(gateway, upstream):
    chunked = (
        b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nauthorization: evil\r\nx-jnd-bypass: true\r\n\r\n"
    )
    received = call(gateway().port, CHAT + chunked + PLAIN)

    assert _statuses(received) == [200, 200]
    assert [request["body"] for request in upstream.requests] == [b"{}", b"{}"]
    assert not any(b"authorization" in dict(request["headers"]) for request in upstream.requests)


def test_requests_sent_in_one_go_are_answered_in_order(gateway, upstream):
    received = call(gateway().port, PLAIN * 3)

    assert _statuses(received) == [200, 200, 200]
    assert [request["body"] for request in upstream.requests] == [b"{}"] * 3


@pytest.mark.parametrize(
    ("target", "seen"),
    [
        (b"/v%31/models", "/v1/models"),
        (b"http://evil.example:1/v1/models", "/v1/models"),
        (b"//evil.example/v1/models", "/evil.example/v1/models"),
        (b"/v1/x/../models", "/v1/models"),
        (b"/v1/models/a%2Fb?x=%2e%2e/", "/v1/models/a%2Fb?x=%2e%2e/"),
        (b"/v%31%2F@evil.example:1/path", "/v1%2F@evil.example:1/path"),
        (b"/v1/models#/../x", "/v1/models"),
    ],
)
def test_no_target_chooses_another_host(gateway, upstream, target, seen):
    received = call(gateway().port, b"GET " + target + b" HTTP/1.1\r\nhost: evil.example\r\n\r\n")

    assert _statuses(received) == [200]
    assert upstream.last["target"] == seen
    assert dict(upstream.last["headers"])[b"host"].startswith(b"127.0.0.1:")


@pytest.mark.parametrize(
    "target", [b"/v1/..%2fadmin", b"/v1/a%0d%0ab", b"/v1/%5c..", b"*", b"evil.example:443"]
)
def test_targets_that_readers_disagree_on_are_refused_in_the_dialect(gateway, upstream, target):
    received = call(gateway().port, b"GET " + target + b" HTTP/1.1\r\nhost: g\r\n\r\n")

    assert _statuses(received) in ([400], [])
    assert upstream.requests == []


def test_a_caller_of_http_1_0_gets_no_chunks(gateway):
    received = call(gateway().port, b"GET /v1/models HTTP/1.0\r\nx-test: stream\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"transfer-encoding" not in received
    assert received.endswith(b'\r\n\r\ndata: {"a": 1}\n\ndata: [DONE]\n\n')


def test_a_body_is_asked_for_when_the_caller_expects_that(gateway, upstream):
    with socket.create_connection(("127.0.0.1", gateway().port), timeout=5) as client:
        client.sendall(CHAT + b"expect: 100-continue\r\ncontent-length: 2\r\n\r\n")
        interim = client.recv(4096)
        client.sendall(b"{}")
        final = client.recv(4096)

    assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert final.startswith(b"HTTP/1.1 200 ")
    assert upstream.last["body"] == b"{}"


def test_a_refusal_comes_before_the_body_and_ends_the_connection(gateway):
    server = gateway(policy={"on_failure": "refuse"}, limits={"max_body_bytes": 1024})
    received = call(server.port, CHAT + b"expect: 100-continue\r\ncontent-length: 2000\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in received


@pytest.mark.parametrize("head", [b"", CHAT[:30], CHAT, CHAT + b"content-length: 2\r\n"])
def test_a_head_that_never_ends_is_given_up(gateway, head):
    server = gateway(listen={"header_timeout_seconds": 0.3})
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(head)
        received = client.recv(4096)

    assert time.monotonic() - started < 2
    assert received.startswith(b"HTTP/1.1 408 ") if head else received == b""


def test_a_body_that_falls_silent_is_a_408_in_the_dialect(gateway, upstream):
    server = gateway(listen={"body_timeout_seconds": 0.3})
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(CHAT + b"content-length: 100\r\n\r\n{")
        received = client.recv(4096)

    assert received.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"body_timeout"' in received
    assert upstream.requests == []
    assert server.settles_at('jnd_errors_total{kind="body_timeout"}', 1)


def test_a_streamed_body_that_falls_silent_is_given_up(gateway):
    server = gateway(listen={"body_timeout_seconds": 0.3})
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(b"POST /v1/files HTTP/1.1\r\nhost: g\r\ncontent-length: 100\r\n\r\nhalf")
        received = client.recv(4096)

    assert received.startswith(b"HTTP/1.1 408 ")


def test_a_slow_body_that_goes_on_is_waited_for(gateway, upstream):
    server = gateway(listen={"body_timeout_seconds": 0.4})
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(CHAT + b"content-length: 12\r\n\r\n")
        for _ in range(12):
            client.sendall(b" ")
            time.sleep(0.1)
        received = client.recv(4096)

    assert received.startswith(b"HTTP/1.1 200 ")
    assert upstream.last["body"] == b" " * 12


@pytest.mark.parametrize(
    "framing", [b"content-length: 100000\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n"]
)
def test_a_body_that_drips_is_a_408_in_the_end(gateway, upstream, framing):
    server = gateway(listen={"body_timeout_seconds": 0.1})
    drop = b"1\r\n{\r\n" if b"chunked" in framing else b"{"
    with socket.create_connection(("127.0.0.1", server.port), timeout=0.02) as client:
        client.sendall(CHAT + framing)
        received, began = b"", time.monotonic()
        while not received and time.monotonic() - began < 5:
            client.sendall(drop)
            with contextlib.suppress(TimeoutError):
                received = client.recv(4096)

    assert received.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began > 0.9
    assert upstream.requests == []


def test_a_body_that_is_passed_on_as_it_drips_may_take_its_time(gateway, upstream):
    server = gateway(listen={"body_timeout_seconds": 0.1})
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(b"POST /v1/files HTTP/1.1\r\nhost: g\r\ncontent-length: 40\r\n\r\n")
        for _ in range(40):
            client.sendall(b" ")
            time.sleep(0.04)
        received = client.recv(4096)

    assert received.startswith(b"HTTP/1.1 200 ")
    assert upstream.last["body"] == b" " * 40


@pytest.mark.parametrize("ending", [b"", b"\r\n\r\n"])
def test_headers_beyond_the_limit_are_a_431(gateway, upstream, ending):
    server = gateway(listen={"max_header_bytes": 1024})
    received = call(server.port, CHAT + b"x: " + b"v" * 3000 + ending)

    assert _statuses(received) == [431]
    assert upstream.requests == []


def test_a_websocket_is_refused_clearly(gateway, upstream):
    upgrade = (
        b"GET /v1/realtime HTTP/1.1\r\nhost: g\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    received = call(gateway().port, upgrade)

    assert received.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"upgrade_refused"' in received
    assert upstream.requests == []


def test_an_offer_of_another_protocol_is_ignored_and_the_body_kept(gateway, upstream):
    """As Java's client sends it."""
    offer = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"
    received = call(gateway().port, CHAT + offer + b"content-length: 2\r\n\r\n{}" + PLAIN)

    assert _statuses(received) == [200, 200]
    assert [request["body"] for request in upstream.requests] == [b"{}", b"{}"]
    assert not {b"upgrade", b"http2-settings"} & set(dict(upstream.last["headers"]))


def test_a_caller_that_hangs_up_while_its_body_waits_to_be_sent_cancels_the_upstream(gateway):
    from tests.gateway.relay.raw import raw_upstream, read_head  # noqa: PLC0415

    ended = []

    def never_read(connection: socket.socket) -> None:
        read_head(connection)
        time.sleep(1.5)
        with contextlib.suppress(ConnectionResetError):
            while connection.recv(1_000_000):
                pass
        ended.append(time.monotonic())

    with raw_upstream(never_read) as stuck:
        server = gateway(upstream={"base_url": f"http://127.0.0.1:{stuck.port}/v1"})
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
            client.sendall(b"POST /v1/files HTTP/1.1\r\nhost: g\r\ncontent-length: 100000000\r\n\r\n")
            client.settimeout(0.3)
            with contextlib.suppress(TimeoutError):
                for _ in range(1000):
                    client.sendall(b"x" * 100_000)
        hung_up = time.monotonic()
        assert server.settles_at('jnd_errors_total{kind="client_hang_up"}', 1)
        assert time.monotonic() - hung_up < 1.5


def test_the_rest_of_a_body_is_dropped_and_the_connection_goes_on(gateway):
    server = gateway(policy={"on_failure": "refuse"}, limits={"max_body_bytes": 1024})
    received = call(server.port, CHAT + b"content-length: 300000\r\n\r\n" + b"x" * 300_000 + PLAIN)

    assert _statuses(received) == [413, 200]


def test_a_caller_that_takes_nothing_of_its_answer_is_cut_off(gateway):
    large = b"HTTP/1.1 200 OK\r\ncontent-length: 30000000\r\n\r\n" + b"x" * 30_000_000
    with raw_upstream(answering(large)) as api, socket.socket() as client:
        server = gateway(
            upstream={"base_url": f"http://127.0.0.1:{api.port}/v1"}, listen={"body_timeout_seconds": 0.3}
        )
        client.connect(("127.0.0.1", server.port))
        client.sendall(CHAT + b"content-length: 2\r\n\r\n{}")
        assert server.settles_at("jnd_queue_bytes", 2)
        assert server.settles_at("jnd_queue_bytes", 0)
        assert len(_all_of(client)) < 30_000_000

    assert server.settles_at('jnd_errors_total{kind="client_hang_up"}', 1)


@pytest.mark.parametrize("last", [b"", b"connection: close\r\n"])
def test_what_nobody_takes_holds_no_connection_after_the_answer_is_complete(last):
    async def app(scope, _receive, send) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"x" * 30_000_000})

    settings = Settings(listen={"body_timeout_seconds": 0.3})
    config = server_config(app, settings, port=0, lifespan="off", timeout_graceful_shutdown=1)
    with listening(app, config) as server, socket.socket() as client:
        client.connect(("127.0.0.1", server.port))
        client.sendall(b"GET / HTTP/1.1\r\nhost: g\r\n" + last + b"\r\n")
        time.sleep(1.2)
        client.settimeout(5)
        assert len(_all_of(client)) < 30_000_000


def test_a_caller_that_takes_its_answer_slowly_gets_all_of_it(gateway):
    size = 4_000_000
    large = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size
    with raw_upstream(answering(large)) as api, socket.socket() as client:
        server = gateway(
            upstream={"base_url": f"http://127.0.0.1:{api.port}/v1"}, listen={"body_timeout_seconds": 0.4}
        )
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.connect(("127.0.0.1", server.port))
        client.sendall(CHAT + b"connection: close\r\ncontent-length: 2\r\n\r\n{}")
        received = b""
        while piece := client.recv(200_000):
            received += piece
            time.sleep(0.02)

    assert received.endswith(b"x" * size)


def _all_of(client: socket.socket) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(1_000_000):
            received += piece
    return received
