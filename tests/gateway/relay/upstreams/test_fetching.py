"""Fetching against a server that does its worst; names are made up, sockets are real."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from gateway.relay.upstreams.fetching import Fetched, Fetcher, FetchError
from gateway.settings import Fetching

PICTURE = b"\x89PNG\r\n\x1a\n" + b"p" * 1000


def head(status: str = "200 OK", *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode()


class Server:
    """Writes what a path stands for, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.port = 0
        self.tasks: set[asyncio.Task | None] = set()
        picture = head("200 OK", "content-type: image/png", f"content-length: {len(PICTURE)}") + PICTURE
        self.answers: dict[str, bytes] = {
            "/picture": picture,
            "/octets": picture.replace(b"image/png", b"application/octet-stream"),
            "/typed": picture.replace(b"image/png", b"IMAGE/PNG; charset=x"),
            "/page": picture.replace(b"image/png", b"text/html"),
            "/packed": head("200 OK", "content-type: image/png", "content-encoding: gzip", "") + PICTURE,
            "/missing": head("404 Not Found", "content-length: 0"),
            "/announces-much": head("200 OK", "content-type: image/png", "content-length: 999999999999"),
            "/endless": head("200 OK", "content-type: image/png", "connection: close") + b"x" * 300_000,
            "/nowhere": head("302 Found", "content-length: 0"),
            "/garbage": b"\x00\x01\x02 not http\r\n\r\n",
            "/cut": head("200 OK", "content-type: image/png", "content-length: 5000") + b"x",
        }

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), contextlib.closing(writer):
            request = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(request)
            path = request.split(b" ")[1].decode()
            if path == "/silent":
                await reader.read()
            elif path.startswith("/drip"):
                writer.write(head("200 OK", "content-type: image/png", "connection: close"))
                for _ in range(100):
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.05)
            elif path.startswith("/to?"):
                writer.write(head("302 Found", f"location: {path[4:]}", "content-length: 0"))
            else:
                writer.write(self.answers[path])


class Names:
    """Every name is this machine, unless a test lists other addresses, used up one by one."""

    def __init__(self) -> None:
        self.listed: dict[str, list[str]] = {}
        self.resolved: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: int = 0):
        assert family in (socket.AF_UNSPEC, socket.AF_INET, socket.AF_INET6)
        self.resolved.append(host)
        waiting = self.listed.get(host, ["127.0.0.1"])
        address = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        entry = {"hostname": host, "host": address, "port": port, "family": socket.AF_INET}
        return [entry | {"proto": 0, "flags": 0}]

    async def close(self) -> None:
        pass


@contextlib.asynccontextmanager
async def serving(server: Server) -> AsyncIterator[None]:
    listener = await asyncio.start_server(server, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield
        for task in server.tasks:
            task.cancel()
        await asyncio.gather(*server.tasks, return_exceptions=True)


def fetch(
    path: str | Callable[[int], str],
    *,
    server: Server | None = None,
    names: Names | None = None,
    times: int = 1,
    tenants: tuple[str, ...] = ("one",),
    clock: Callable[[], float] = lambda: 0.0,
    **changes: object,
) -> Fetched:
    """Fetch from the server, whose name may lie inside; a function makes the whole address."""

    async def run() -> Fetched:
        chosen = server or Server()
        async with serving(chosen):
            settings = {"ports": {chosen.port, 80}, "private_hosts": ("in.test",), "timeout_seconds": 2.0}
            fetcher = Fetcher(Fetching(**(settings | changes)), resolver=names or Names(), clock=clock)
            url = path(chosen.port) if callable(path) else f"http://in.test:{chosen.port}{path}"
            async with fetcher:
                for _ in range(times):
                    for tenant in tenants:
                        found = await fetcher.fetch(url, tenant=tenant)
            return found

    return asyncio.run(run())


def refusal(*args, **changes) -> str:
    with pytest.raises(FetchError) as caught:
        fetch(*args, **changes)
    assert str(caught.value)
    return caught.value.reason


@pytest.mark.parametrize(
    ("path", "media_type"), [("/picture", "image/png"), ("/typed", "image/png"), ("/octets", "")]
)
def test_a_picture_is_fetched_with_its_declared_type(path: str, media_type: str):
    assert fetch(path) == Fetched(PICTURE, media_type)


def test_nothing_of_the_caller_goes_along():
    server = Server()

    fetch("/picture", server=server)

    lines = server.asked[0].lower().split(b"\r\n")
    assert {line.partition(b":")[0] for line in lines[1:] if line} == {
        b"host",
        b"accept",
        b"accept-encoding",
        b"user-agent",
        b"connection",
    } - ({b"connection"} if not any(line.startswith(b"connection") for line in lines) else set())


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/missing", "url_status"),
        ("/nowhere", "url_status"),
        ("/page", "url_not_an_image"),
        ("/packed", "url_not_an_image"),
        ("/announces-much", "url_too_large"),
        ("/endless", "url_too_large"),
        ("/garbage", "url_unreachable"),
        ("/cut", "url_unreachable"),
        ("/silent", "url_timed_out"),
        ("/drip", "url_timed_out"),
    ],
)
def test_what_is_no_picture_in_time_and_size_is_refused_with_its_reason(path: str, reason: str):
    assert refusal(path, max_bytes=100_000, timeout_seconds=0.5) == reason


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/picture",
        "http://[::1]:{port}/picture",
        "http://[::ffff:127.0.0.1]:{port}/picture",
        "http://2130706433:{port}/picture",
        "http://0x7f.1:{port}/picture",
        "http://127.1:{port}/picture",
        "http://localhost:{port}/picture",
        "http://localhost.:{port}/picture",
        "http://other.test:{port}/picture",
        "http://user:word@in.test:{port}/picture",
        "http://in.test@other.test:{port}/picture",
        "http://in.test:22/picture",
        "ftp://in.test:{port}/picture",
        "file:///etc/passwd",
        "gopher://in.test:{port}/_x",
        "//in.test:{port}/picture",
        "http:///picture",
        "http://in.test:99999/picture",
        "http://in.test:{port}/" + "x" * 9000,
        "http://",
        "",
        "\x00",
        "http://in.test\\@other.test:{port}/picture",
        "http://ⓛocalhost:{port}/picture",
        "http://169.254.169.254/latest/meta-data",
    ],
)
def test_addresses_that_lead_inside_or_elsewhere_are_never_asked(url: str):
    server = Server()

    assert refusal(lambda port: url.replace("{port}", str(port)), server=server) == "url_forbidden"
    assert server.asked == []


def test_a_redirect_within_what_is_allowed_is_followed():
    assert fetch("/to?/to?/picture").data == PICTURE


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/picture",
        "http://other.test:{port}/picture",
        "file:///etc/passwd",
        "http://in.test:22/",
    ],
)
def test_each_redirect_is_checked_like_the_first_address(target: str):
    server = Server()

    reason = refusal(
        lambda port: f"http://in.test:{port}/to?" + target.replace("{port}", str(port)), server=server
    )

    assert reason == "url_forbidden"
    assert len(server.asked) == 1


def test_redirects_end():
    server = Server()

    assert refusal("/to?/to?/to?/picture", server=server, max_redirects=2) == "url_forbidden"
    assert len(server.asked) == 3


def test_a_name_that_changes_its_address_is_checked_at_the_address_that_is_asked():
    names, server = Names(), Server()
    names.listed["rebinding.test"] = ["8.8.8.8", "127.0.0.1"]

    async def run() -> str:
        async with serving(server):
            settings = Fetching(ports={server.port}, timeout_seconds=0.3)
            async with Fetcher(settings, resolver=names) as fetcher:
                reasons = []
                for _ in range(2):
                    with pytest.raises(FetchError) as caught:
                        await fetcher.fetch(f"http://rebinding.test:{server.port}/picture")
                    reasons.append(caught.value.reason)
                return reasons[1]

    assert asyncio.run(run()) == "url_forbidden"
    assert names.resolved == ["rebinding.test"] * 2  # once a fetch
    assert server.asked == []


def test_only_listed_hosts_are_asked_where_some_are_listed():
    assert (
        refusal(lambda port: f"http://else.example:{port}/picture", allowed_hosts=("*.cdn.example",))
        == "url_forbidden"
    )


def test_a_picture_fetched_a_moment_ago_is_not_fetched_again():
    server = Server()

    fetch("/picture", server=server, times=3)

    assert len(server.asked) == 1


def test_a_kept_picture_grows_old():
    server, now = Server(), iter(range(0, 10_000, 400))

    fetch("/picture", server=server, times=3, clock=lambda: float(next(now)), cache_seconds=300)

    assert len(server.asked) == 3


def test_what_one_tenant_fetched_another_fetches_itself():
    server = Server()

    fetch("/picture", server=server, tenants=("one", "two"))

    assert len(server.asked) == 2


def test_a_failure_is_not_kept():
    server = Server()

    async def run() -> Fetched:
        async with serving(server):
            settings = Fetching(ports={server.port}, private_hosts=("in.test",))
            async with Fetcher(settings, resolver=Names()) as fetcher:
                url = f"http://in.test:{server.port}/later"
                server.answers["/later"] = server.answers["/missing"]
                with pytest.raises(FetchError):
                    await fetcher.fetch(url)
                server.answers["/later"] = server.answers["/picture"]
                return await fetcher.fetch(url)

    assert asyncio.run(run()).data == PICTURE


def test_one_tenant_s_slow_addresses_leave_places_to_others():
    server = Server()

    async def run() -> Fetched:
        async with serving(server):
            settings = Fetching(ports={server.port}, private_hosts=("in.test",), timeout_seconds=2.0)
            async with Fetcher(settings, resolver=Names()) as fetcher:
                slow = [
                    asyncio.ensure_future(
                        fetcher.fetch(f"http://in.test:{server.port}/silent", tenant="slow")
                    )
                    for _ in range(20)
                ]
                await asyncio.sleep(0.1)
                async with asyncio.timeout(1.0):
                    found = await fetcher.fetch(f"http://in.test:{server.port}/picture", tenant="other")
                for each in slow:
                    each.cancel()
                await asyncio.gather(*slow, return_exceptions=True)
            return found

    assert asyncio.run(run()).data == PICTURE
