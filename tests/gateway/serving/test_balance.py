import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.serving.balance import Acceptor, Occupancy
from gateway.serving.listener import listen_on


class Caller(asyncio.Protocol):
    """A connection of which only its place is known."""

    def __init__(self, place: int, taken: list[int]) -> None:
        self._place = place
        self._taken = taken

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._taken.append(self._place)

    def eof_received(self) -> None:
        self._transport.close()


@pytest.fixture
def occupancy(tmp_path: Path) -> Occupancy:
    return Occupancy(tmp_path / "connections")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with listen_on("127.0.0.1", 0) as listener:
        yield listener


@pytest.fixture
async def taken(listener: socket.socket, occupancy: Occupancy) -> AsyncIterator[list[int]]:
    """Two workers accept; the list tells whose each connection became."""
    taken: list[int] = []
    acceptors = [
        Acceptor(listener.dup(), lambda place=place: Caller(place, taken), occupancy, place)
        for place in range(2)
    ]
    yield taken
    for acceptor in acceptors:
        acceptor.close()


async def connect(listener: socket.socket, taken: list[int], count: int, stack: ExitStack) -> None:
    """Connect so often, and wait until every connection is somebody's."""
    wanted = len(taken) + count
    for _ in range(count):
        stack.enter_context(socket.create_connection(listener.getsockname(), 5))
    async with asyncio.timeout(5):
        while len(taken) < wanted:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)
    assert len(taken) == wanted


@pytest.mark.anyio
async def test_callers_who_come_at_once_are_shared_out(listener: socket.socket, taken: list[int]):
    with ExitStack() as stack:
        await connect(listener, taken, 40, stack)

    assert abs(taken.count(0) - 20) <= 2


@pytest.mark.anyio
async def test_a_worker_that_looks_free_and_takes_nothing_holds_nobody_up(
    listener: socket.socket, taken: list[int], occupancy: Occupancy
):
    occupancy.tell(7, 0)  # stuck: it has none, for ever

    with ExitStack() as stack:
        await connect(listener, taken, 10, stack)

    assert len(taken) == 10


def test_the_fewest_of_others_leaves_out_oneself_and_who_left(occupancy: Occupancy, tmp_path: Path):
    assert occupancy.fewest_of_others(0) is None
    other = Occupancy(tmp_path / "connections")
    occupancy.tell(0, 1)
    other.tell(1, 5)
    other.tell(2, 3)

    assert occupancy.fewest_of_others(0) == 3
    other.leave(2)
    assert occupancy.fewest_of_others(0) == 5
    assert other.fewest_of_others(1) == 1


@pytest.mark.anyio
async def test_who_closed_is_no_longer_counted_and_leaves_the_socket_to_others(
    listener: socket.socket, occupancy: Occupancy
):
    taken: list[int] = []
    acceptor = Acceptor(listener.dup(), lambda: Caller(0, taken), occupancy, 0)
    acceptor.close()
    acceptor.note(3)

    assert occupancy.fewest_of_others(1) is None
    with socket.create_connection(listener.getsockname(), 5):
        await asyncio.sleep(0.02)
    assert taken == []
