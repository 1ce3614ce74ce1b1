import pytest

from gateway.errors import UpstreamUnreachableError
from gateway.relay.upstream import Upstream, end_to_end, forwardable
from gateway.settings import Upstream as UpstreamSettings

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


def test_headers_named_by_connection_stay_behind():
    headers = [(b"Connection", b"close, X-Private"), (b"X-Private", b"1"), (b"X-Public", b"2")]

    assert end_to_end(headers) == [(b"x-public", b"2")]


def test_repeated_headers_all_pass_in_order():
    headers = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]

    assert end_to_end(headers) == headers


def test_only_the_gateway_speaks_in_its_own_name():
    assert end_to_end([(b"x-jnd-verdict", b"clean")]) == []


def test_host_and_length_are_computed_anew():
    headers = [
        (b"host", b"gateway"),
        (b"content-length", b"3"),
        (b"expect", b"100-continue"),
        (b"accept", b"*/*"),
    ]

    assert forwardable(headers) == [(b"accept", b"*/*")]


async def test_headers_arrive_byte_for_byte(upstream_server, upstream):
    headers = [(b"x-utf8", "ä".encode()), (b"x-twice", b"1"), (b"x-twice", b"2")]
    base = UpstreamSettings(base_url=f"http://127.0.0.1:{upstream_server.port}/deep/v1/")

    async with Upstream(base) as way:
        answer = await way.send("POST", "/a%20b?q=%2F", headers, b"{}")
        answer.close()

    received = [(name, value) for name, value in upstream.last["headers"] if name.startswith(b"x-")]
    assert received == headers
    assert upstream.last["target"] == "/deep/v1/a%20b?q=%2F"
    assert not {b"user-agent", b"accept-encoding"} & {name for name, _ in upstream.last["headers"]}


async def test_name_that_does_not_resolve_is_unreachable():
    async with Upstream(UpstreamSettings(base_url="http://nowhere.invalid/v1")) as way:
        with pytest.raises(UpstreamUnreachableError):
            await way.send("GET", "/models", [], None)


async def test_redirects_are_relayed_not_followed(upstream_server, upstream):
    base = UpstreamSettings(base_url=f"http://127.0.0.1:{upstream_server.port}/v1")

    async with Upstream(base) as way:
        answer = await way.send("GET", "/x", [(b"x-test", b"redirect")], None)
        answer.close()

    assert answer.status == 307
    assert len(upstream.requests) == 1
