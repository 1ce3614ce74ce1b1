import socket
import ssl
import struct
from collections.abc import Callable

import pytest
import trustme

from gateway.errors import UpstreamUnreachableError
from gateway.relay.upstreams.tls import trusted_authorities
from gateway.relay.upstreams.upstream import Upstream
from gateway.settings import Upstream as UpstreamSettings
from tests.gateway.relay.raw import Behaviour, answering, raw_upstream, read_head

pytestmark = pytest.mark.anyio

TOO_LARGE = b"HTTP/1.1 413 Too Large\r\ncontent-length: 9\r\n\r\ntoo large"


@pytest.fixture(params=["asyncio", ("asyncio", {"use_uvloop": True})], ids=["asyncio", "uvloop"])
def anyio_backend(request):
    return request.param


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secured(authority, tmp_path, monkeypatch) -> Callable[[Behaviour], Behaviour]:
    """Put a behaviour behind TLS that the gateway trusts."""
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    trusted_authorities.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    def wrap(behave: Behaviour) -> Behaviour:
        def wrapped(connection: socket.socket) -> None:
            # Else the kernel holds the answer back until what was sent before is known to have arrived.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with context.wrap_socket(connection, server_side=True) as secure:
                behave(secure)

        return wrapped

    yield wrap
    trusted_authorities.cache_clear()


async def _ask(port: int, body: bytes) -> tuple[int, bytes]:
    async with Upstream(UpstreamSettings(base_url=f"https://localhost:{port}/v1")) as way:
        answer = await way.send("POST", b"/v1/files", [], body)
        received = b""
        while piece := await answer.next():
            received += piece
        answer.close()
        return answer.status, received


@pytest.mark.parametrize("size", [2, 3_000_000])
async def test_requests_and_answers_pass(secured, size):
    body = b"x" * 1_000_000
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + body
    with raw_upstream(secured(answering(answer))) as upstream:
        assert await _ask(upstream.port, b"y" * size) == (200, body)


@pytest.mark.parametrize("is_reset", [True, False])
async def test_an_answer_before_the_end_of_the_body_is_not_lost(secured, is_reset):
    def refuse(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(TOO_LARGE)
        if is_reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with raw_upstream(secured(refuse)) as upstream:
        answers = [await _ask(upstream.port, b"y" * 20_000_000) for _ in range(8)]

    assert answers == [(413, b"too large")] * 8


async def test_leaving_waits_for_no_farewell(secured):
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

    def never_closes(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(answer)
        connection.recv(1)  # and says no farewell of its own

    with raw_upstream(secured(never_closes)) as upstream:
        async with Upstream(UpstreamSettings(base_url=f"https://localhost:{upstream.port}/v1")) as way:
            (await way.send("GET", b"/v1/models", [], None)).close()
            (opened,) = way._opened

        assert opened.is_lost


async def test_a_certificate_for_another_name_is_refused(secured):
    with raw_upstream(secured(answering(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"))) as upstream:
        way = Upstream(UpstreamSettings(base_url=f"https://127.0.0.1:{upstream.port}/v1"))
        async with way:
            with pytest.raises(UpstreamUnreachableError, match=r"not valid for '127\.0\.0\.1'"):
                await way.send("GET", b"/v1/models", [], b"")
