import pytest

from gateway.errors import GatewayError
from gateway.relay.upstreams.answer import UpstreamCutError
from gateway.relay.upstreams.upstream import Upstream, end_to_end, forwardable
from gateway.settings import Upstream as UpstreamSettings

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


def test_headers_named_by_connection_stay_behind():
    headers = [(b"connection", b"close, X-Private"), (b"x-private", b"1"), (b"x-public", b"2")]

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
        answer = await way.send("POST", b"/deep/v1/a%20b?q=%2F", headers, b"{}")
        answer.close()

    received = [(name, value) for name, value in upstream.last["headers"] if name.startswith(b"x-")]
    assert received == headers
    assert upstream.last["target"] == "/deep/v1/a%20b?q=%2F"
    assert not {b"user-agent", b"accept-encoding"} & {name for name, _ in upstream.last["headers"]}


@pytest.mark.parametrize("name", [b"x\r\nevil: 1", b"x\nevil", b"x\0"])
async def test_no_header_can_start_another_line(upstream_server, upstream, name):
    base = UpstreamSettings(base_url=f"http://127.0.0.1:{upstream_server.port}/v1")

    async with Upstream(base) as way:
        with pytest.raises(GatewayError):
            await way.send("GET", b"/x", [(name, b"1")], None)
        with pytest.raises(GatewayError):
            await way.send("GET", b"/x", [(b"x", name)], None)

    assert upstream.requests == []


async def test_a_body_of_unknown_length_goes_in_chunks(upstream_server, upstream):
    async def pieces():
        yield b"one "
        yield b"two"

    async with Upstream(UpstreamSettings(base_url=f"http://127.0.0.1:{upstream_server.port}")) as way:
        answer = await way.send("POST", b"/x", [], pieces())
        answer.close()

    assert upstream.last["body"] == b"one two"
    assert (b"transfer-encoding", b"chunked") in upstream.last["headers"]


async def test_a_request_without_a_body_says_so_only_where_one_is_expected(upstream_server, upstream):
    async with Upstream(UpstreamSettings(base_url=f"http://127.0.0.1:{upstream_server.port}")) as way:
        for method in ("GET", "POST", "DELETE"):
            (await way.send(method, b"/x", [], None)).close()

    lengths = [dict(request["headers"]).get(b"content-length") for request in upstream.requests]
    assert lengths == [None, b"0", None]


async def test_leaving_closes_every_connection(upstream_server):
    way = Upstream(UpstreamSettings(base_url=f"http://127.0.0.1:{upstream_server.port}"))
    async with way:
        answer = await way.send("GET", b"/x", [], None)
        answer.close()
        unfinished = await way.send("GET", b"/x", [(b"x-test", b"endless")], None)

    with pytest.raises(UpstreamCutError):
        while await unfinished.next():
            pass
    unfinished.close()


async def test_redirects_are_relayed_not_followed(upstream_server, upstream):
    base = UpstreamSettings(base_url=f"http://127.0.0.1:{upstream_server.port}/v1")

    async with Upstream(base) as way:
        answer = await way.send("GET", b"/x", [(b"x-test", b"redirect")], None)
        answer.close()

    assert answer.status == 307
    assert len(upstream.requests) == 1
