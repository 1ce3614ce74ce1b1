import asyncio
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.relay.callers.drain import Drain
from gateway.relay.callers.http_server import server_config
from gateway.serving.balance import Occupancy
from gateway.serving.draining_server import DrainingServer
from gateway.serving.listener import listen_on
from gateway.settings import Settings


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer /SECONDS after so long."""
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})
        return
    await asyncio.sleep(float(scope["path"][1:]))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@dataclass
class Served:
    """A server in a thread."""

    port: int
    server: DrainingServer
    loop: asyncio.AbstractEventLoop
    thread: threading.Thread
    connections: ExitStack

    def drain(self, *, drain_seconds: float, linger_seconds: float) -> None:
        def begin() -> None:
            self.server.begin_drain(drain_seconds, linger_seconds=linger_seconds)

        self.loop.call_soon_threadsafe(begin)

    def hurry(self) -> None:
        self.loop.call_soon_threadsafe(self.server.hurry)

    def connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        return self.connections.enter_context(closing(connection))

    def ends_within(self, seconds: float) -> bool:
        self.thread.join(seconds)
        return not self.thread.is_alive()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    listener = listen_on("127.0.0.1", 0)
    port = listener.getsockname()[1]
    loops: list[asyncio.AbstractEventLoop] = []
    ready = threading.Event()

    def note() -> None:
        loops.append(asyncio.get_running_loop())
        ready.set()

    server = DrainingServer(
        server_config(app, Settings()),
        Drain(),
        occupancy=Occupancy(tmp_path / "connections"),
        place=0,
        on_ready=note,
    )
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
    thread.start()
    assert ready.wait(10)
    with ExitStack() as connections:
        served = Served(port, server, loops[0], thread, connections)
        yield served
        if thread.is_alive():
            served.hurry()
        thread.join()


def answer_of(connection: http.client.HTTPConnection) -> tuple[int, str | None]:
    response = connection.getresponse()
    response.read()
    return response.status, response.getheader("connection")


def ask(connection: http.client.HTTPConnection, path: str) -> tuple[int, str | None]:
    connection.request("GET", path)
    return answer_of(connection)


def test_a_request_that_crosses_the_drain_on_an_idle_connection_is_answered_and_the_last(served: Served):
    idle = served.connect()
    assert ask(idle, "/0") == (200, None)

    served.drain(drain_seconds=5, linger_seconds=5)
    time.sleep(0.1)

    assert ask(idle, "/0") == (200, "close")
    assert served.ends_within(1)


def test_running_answers_are_finished_and_say_that_they_are_the_last(served: Served):
    busy = served.connect()
    busy.request("GET", "/0.3")
    time.sleep(0.1)

    served.drain(drain_seconds=5, linger_seconds=0)

    assert answer_of(busy) == (200, "close")
    assert served.ends_within(1)


def test_idle_connections_are_closed_once_nobody_lingers(served: Served):
    idle = served.connect()
    ask(idle, "/0")

    served.drain(drain_seconds=5, linger_seconds=0.1)

    assert served.ends_within(1)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        ask(idle, "/0")


def test_nobody_new_is_let_in_during_a_drain(served: Served):
    busy = served.connect()
    busy.request("GET", "/0.5")
    time.sleep(0.1)
    served.drain(drain_seconds=5, linger_seconds=1)
    time.sleep(0.1)

    with pytest.raises(ConnectionRefusedError):
        served.connect().connect()
    assert answer_of(busy) == (200, "close")


@pytest.mark.parametrize(
    "tell", [Served.hurry, lambda served: served.drain(drain_seconds=0.2, linger_seconds=0)]
)
def test_a_drain_ends_whoever_is_still_there(served: Served, tell: Callable[[Served], None]):
    busy = served.connect()
    busy.request("GET", "/60")
    time.sleep(0.1)

    tell(served)

    assert served.ends_within(5)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        busy.getresponse()
