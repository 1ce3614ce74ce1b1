import asyncio
import http.client
import socket
import struct
import time
from contextlib import closing

import pytest

from gateway.relay.upstreams.answer import Answer
from gateway.relay.upstreams.connection import Connection
from gateway.relay.upstreams.upstream import Upstream
from gateway.settings import Upstream as UpstreamSettings
from tests.gateway.relay.raw import answering, call, raw_upstream, read_head

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
BODY = b'{"model": "m", "x": "' + b"y" * 50_000_000 + b'"}'
TOO_LARGE = b"HTTP/1.1 413 Too Large\r\ncontent-length: 9\r\nretry-after: 3\r\n\r\ntoo large"


def _chat(gateway, port: int, **upstream):
    return gateway(upstream={"base_url": f"http://127.0.0.1:{port}/v1", **upstream})


def _refuse_and_reset(connection: socket.socket) -> None:
    """Answer after the head, and close with the body unread: the kernel resets the connection."""
    read_head(connection)
    connection.sendall(TOO_LARGE)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _refuse_and_close(connection: socket.socket) -> None:
    read_head(connection)
    connection.sendall(TOO_LARGE)


def _refuse_after_a_while(connection: socket.socket) -> None:
    read_head(connection)
    time.sleep(0.05)  # the sender's buffers are full by now
    connection.sendall(TOO_LARGE)


@pytest.mark.parametrize("refuse", [_refuse_and_reset, _refuse_and_close, _refuse_after_a_while])
def test_an_answer_that_comes_before_the_body_is_sent_reaches_the_caller(gateway, refuse):
    with raw_upstream(refuse) as upstream:
        server = _chat(gateway, upstream.port)
        answers = [server.ask("POST", "/v1/files", BODY) for _ in range(12)]

    assert [(each.status, each.body) for each in answers] == [(413, b"too large")] * 12
    assert {each.headers["retry-after"] for each in answers} == {"3"}


def test_an_early_answer_reaches_a_caller_that_is_looked_into(gateway):
    with raw_upstream(_refuse_and_reset) as upstream:
        server = _chat(gateway, upstream.port)
        answers = [server.chat(BODY[:10_000_000] + b'"}') for _ in range(5)]

    assert [each.status for each in answers] == [413] * 5


def test_an_early_answer_reaches_a_caller_that_still_sends(gateway):
    with raw_upstream(_refuse_and_close) as upstream:
        server = _chat(gateway, upstream.port)
        head = b"POST /v1/files HTTP/1.1\r\nhost: g\r\ncontent-length: 1000000\r\n\r\n"
        received = call(server.port, head + b"x" * 1000)

    assert received.startswith(b"HTTP/1.1 413 ")
    assert received.endswith(b"too large")


@pytest.mark.parametrize(
    "headers",
    [
        b"x-long: " + b"v" * 9000 + b"\r\n",
        b"".join(b"x-%d: v\r\n" % number for number in range(300)),
    ],
)
def test_long_and_many_headers_pass(gateway, headers):
    with raw_upstream(
        answering(b"HTTP/1.1 200 OK\r\n" + headers + b"content-length: 2\r\n\r\nok")
    ) as upstream:
        received = call(_chat(gateway, upstream.port).port, b"GET /v1/models HTTP/1.1\r\nhost: g\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 200 ")
    assert headers in received


@pytest.mark.parametrize("ending", [b"", b"content-length: 2\r\n\r\nok"])
def test_headers_beyond_the_limit_are_a_502(gateway, ending):
    endless = b"HTTP/1.1 200 OK\r\nx-long: " + b"v" * 20_000 + b"\r\n" + ending
    with raw_upstream(answering(endless)) as upstream:
        answer = _chat(gateway, upstream.port, max_header_bytes=8192).ask("GET", "/v1/models")

    assert answer.status == 502
    assert answer.error["code"] == "upstream_garbled"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 304 Not Modified\r\ncontent-length: 100\r\netag: a\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\netag: a\r\n\r\n",
    ],
)
def test_an_answer_without_a_body_passes_and_keeps_both_connections(gateway, answer):
    with raw_upstream(answering(answer)) as upstream:
        server = _chat(gateway, upstream.port)
        received = call(server.port, b"GET /v1/models HTTP/1.1\r\nhost: g\r\n\r\n" * 2)

    assert received == answer * 2


def test_the_length_in_the_answer_to_a_head_request_passes(gateway):
    with raw_upstream(answering(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")) as upstream:
        server = _chat(gateway, upstream.port)
        received = call(server.port, b"HEAD /v1/models HTTP/1.1\r\nhost: g\r\n\r\n" * 2)

    assert received == b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n" * 2


def test_interim_answers_are_no_answers(gateway):
    hints = b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    with raw_upstream(answering(hints + OK)) as upstream:
        answer = _chat(gateway, upstream.port).ask("GET", "/v1/models")

    assert (answer.status, answer.body) == (200, b"ok")
    assert "link" not in answer.headers


def test_fields_of_a_trailer_are_no_headers(gateway):
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-late: 1\r\n\r\n"
    with raw_upstream(answering(chunked)) as upstream:
        server = _chat(gateway, upstream.port)
        answers = [server.ask("GET", "/v1/models") for _ in range(2)]

    assert [(each.status, each.body, "x-late" in each.headers) for each in answers] == [
        (200, b"ok", False)
    ] * 2


def test_an_answer_that_ends_with_its_connection_is_whole(gateway):
    def behave(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nall of it")

    with raw_upstream(behave) as upstream:
        answer = _chat(gateway, upstream.port).ask("GET", "/v1/models")

    assert (answer.status, answer.body) == (200, b"all of it")


@pytest.mark.parametrize(
    "cut",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ],
)
def test_an_answer_cut_short_never_looks_whole(gateway, cut):
    def behave(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(cut)

    with raw_upstream(behave) as upstream, pytest.raises((http.client.IncompleteRead, ConnectionError)):
        _chat(gateway, upstream.port).ask("GET", "/v1/models")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
    ],
)
def test_garbage_is_a_502_that_says_so(gateway, garbage):
    with raw_upstream(answering(garbage)) as upstream:
        answer = _chat(gateway, upstream.port).ask("GET", "/v1/models")

    assert answer.status == 502
    assert f"127.0.0.1:{upstream.port}" in answer.error["message"]


def test_a_second_answer_that_nobody_asked_for_reaches_nobody(gateway):
    with raw_upstream(answering(OK + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")) as upstream:
        server = _chat(gateway, upstream.port)
        answers = [server.ask("GET", "/v1/models").body for _ in range(3)]

    assert answers == [b"ok"] * 3


def test_a_connection_the_upstream_closed_is_not_used_again(gateway):
    def behave(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(OK)

    with raw_upstream(behave) as upstream:
        server = _chat(gateway, upstream.port)
        statuses = []
        for _ in range(10):
            statuses.append(server.ask("GET", "/v1/models").status)
            time.sleep(0.01)

    assert statuses == [200] * 10


def test_connections_are_used_again(gateway):
    accepted = []

    def behave(connection: socket.socket) -> None:
        accepted.append(1)
        answering(OK)(connection)

    with raw_upstream(behave) as upstream:
        server = _chat(gateway, upstream.port)
        for _ in range(5):
            assert server.ask("GET", "/v1/models").status == 200

    assert len(accepted) == 1


def test_a_request_without_an_answer_is_never_sent_twice(gateway):
    heads = []

    def behave(connection: socket.socket) -> None:
        heads.append(read_head(connection))
        if len(heads) == 1:
            connection.sendall(OK)
            heads.append(read_head(connection))

    with raw_upstream(behave) as upstream:
        server = _chat(gateway, upstream.port)
        first, second = (server.ask("GET", "/v1/models").status for _ in range(2))

    assert (first, second) == (200, 502)
    assert len(heads) == 2


@pytest.mark.parametrize("over", [1, 100, 4000])
@pytest.mark.anyio
async def test_a_connection_whose_answer_nobody_took_answers_the_next_caller(over):
    size = 262_144 + over  # the piece that fills what is held for a caller is the last one, too
    large = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size
    with raw_upstream(answering(large)) as api:
        settings = UpstreamSettings(base_url=f"http://127.0.0.1:{api.port}", read_timeout_seconds=1)
        async with Upstream(settings) as upstream:
            with closing(await upstream.send("GET", b"/a", [], None)) as answer:
                await _filled(answer)
            with closing(await upstream.send("GET", b"/b", [], None)) as answer:
                received = b""
                while piece := await answer.next():
                    received += piece

    assert len(received) == size


async def _filled(answer: Answer) -> None:
    async with asyncio.timeout(5):
        while not answer.is_full:  # noqa: ASYNC110 - as a caller that does not read
            await asyncio.sleep(0.01)


@pytest.mark.anyio
async def test_a_connection_that_is_closed_again_closes_its_transport_once():
    class Transport(asyncio.Transport):
        closings = 0

        def is_closing(self):
            return self.closings > 0

        def close(self):
            self.closings += 1

    transport = Transport()
    with socket.socket() as unused:
        connection = Connection("localhost", unused, 1000)
        connection.connection_made(transport)
        connection.close()
        connection.close()

    assert transport.closings == 1  # at the second, TLS of Python 3.11.2 forgets what could be aborted
