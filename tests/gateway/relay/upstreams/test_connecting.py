import asyncio
import base64
import socket
import ssl

import pytest
import trustme
from yarl import URL

from gateway.errors import UpstreamUnreachableError
from gateway.relay.upstreams.connecting import connect, origin_of
from gateway.relay.upstreams.upstream import Upstream
from gateway.settings import Upstream as UpstreamSettings
from tests.gateway.relay.raw import answering, raw_upstream, read_head

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def _message(base_url: str, timeout_seconds: float = 5) -> str:
    with pytest.raises(UpstreamUnreachableError) as caught:
        await connect(origin_of(URL(base_url)), timeout_seconds=timeout_seconds, max_header_bytes=65536)
    return caught.value.message


async def test_a_refused_connection_names_host_and_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert await _message(f"http://127.0.0.1:{port}/v1") == f"connection refused by 127.0.0.1:{port}"


async def test_a_name_nobody_knows_is_named():
    assert (await _message("http://nowhere.invalid/v1")).startswith(
        "the name in nowhere.invalid:80 is not known"
    )


async def test_a_server_without_tls_is_named():
    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with raw_upstream(behave) as upstream:
        message = await _message(f"https://127.0.0.1:{upstream.port}/v1")

    assert message.startswith(f"no TLS with 127.0.0.1:{upstream.port}: ")


async def test_a_server_that_never_speaks_tls_is_given_up():
    with raw_upstream(lambda connection: read_head(connection) and None) as upstream:
        message = await _message(f"https://127.0.0.1:{upstream.port}/v1", timeout_seconds=0.2)

    assert message == f"no connection to 127.0.0.1:{upstream.port} within 0.2 s"


async def test_a_certificate_that_is_not_trusted_is_named():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)

    def behave(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True):
            pass

    with raw_upstream(behave) as upstream:
        message = await _message(f"https://127.0.0.1:{upstream.port}/v1")

    assert message.startswith(f"the certificate of 127.0.0.1:{upstream.port} is not trusted: ")


async def test_http_goes_to_the_proxy_of_the_environment_by_its_whole_address(monkeypatch):
    heads = []

    def behave(connection: socket.socket) -> None:
        heads.append(read_head(connection))
        connection.sendall(OK)

    with raw_upstream(behave) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://user:pass%20word@127.0.0.1:{proxy.port}")
        async with Upstream(UpstreamSettings(base_url="http://api.example/v1")) as way:
            answer = await way.send("GET", b"/v1/models?x=1", [], None)
            answer.close()

    assert heads[0].startswith(b"GET http://api.example/v1/models?x=1 HTTP/1.1\r\nhost: api.example\r\n")
    assert b"proxy-authorization: Basic " + base64.b64encode(b"user:pass word") + b"\r\n" in heads[0]


async def test_https_goes_through_a_tunnel_of_the_proxy(monkeypatch):
    heads = []

    def behave(connection: socket.socket) -> None:
        heads.append(read_head(connection))
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        heads.append(connection.recv(100))

    with raw_upstream(behave) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        await _message("https://api.example/v1")

    assert heads[0] == b"CONNECT api.example:443 HTTP/1.1\r\nhost: api.example:443\r\n\r\n"
    assert heads[1][:1] == b"\x16"  # a TLS handshake


async def test_a_proxy_that_refuses_is_named(monkeypatch):
    with raw_upstream(answering(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        message = await _message("https://api.example/v1")

    assert f"the proxy 127.0.0.1:{proxy.port}" in message
    assert "407" in message


def test_no_proxy_is_honoured(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "internal.example,127.0.0.1")

    assert origin_of(URL("http://internal.example/v1")).proxy is None
    assert origin_of(URL("http://127.0.0.1:9/v1")).proxy is None
    assert origin_of(URL("http://api.example/v1")).proxy is not None


def test_a_proxy_of_another_kind_is_refused_at_once(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1080")

    with pytest.raises(ValueError, match="HTTPS_PROXY"):
        origin_of(URL("https://api.example/v1"))


async def test_the_second_address_is_tried_when_the_first_is_silent():
    """`localhost` often has two addresses, and servers listen at one of them."""
    with raw_upstream(read_head) as upstream:
        origin = origin_of(URL(f"http://localhost:{upstream.port}"))
        connection = await connect(origin, timeout_seconds=2, max_header_bytes=65536)
        connection.close()
        await asyncio.sleep(0)  # closing takes a turn of the loop
