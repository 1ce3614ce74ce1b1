import asyncio
import contextlib
import gzip
import threading

import pytest
from prometheus_client import Gauge

from gateway.errors import QueueFullError
from gateway.relay.admission import Admission
from gateway.relay.callers import unpacking as module
from gateway.relay.callers.encodings import UnpackedTooLargeError
from gateway.relay.callers.unpacking import Unpacking

MEBIBYTE = 1024 * 1024
BOMB = gzip.compress(b" " * (30 * MEBIBYTE))

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def unpacking():
    with contextlib.closing(Unpacking(64 * MEBIBYTE)) as found:
        yield found


@pytest.fixture
def admission():
    return Admission(20 * MEBIBYTE, Gauge("held", "Held bytes.", registry=None))


async def test_what_comes_of_a_body_is_held_beside_it(unpacking, admission):
    packed = gzip.compress(b"{}" * 5000)
    with admission.admit(len(packed)) as room:
        assert await unpacking.unpack(packed, b"gzip", room) == b"{}" * 5000
        assert admission.held_bytes == len(packed) + 10_000


async def test_a_bomb_without_room_is_turned_away_while_it_unpacks(unpacking, admission):
    admission.admit(MEBIBYTE, tenant="another")
    with admission.admit(len(BOMB)) as room:
        with pytest.raises(QueueFullError):
            await unpacking.unpack(BOMB, b"gzip", room)
        assert room.size_bytes > 10 * MEBIBYTE

    assert admission.held_bytes == MEBIBYTE


async def test_more_than_the_limit_is_never_held(admission):
    with contextlib.closing(Unpacking(MEBIBYTE)) as small, admission.admit(len(BOMB)) as room:
        with pytest.raises(UnpackedTooLargeError):
            await small.unpack(BOMB, b"gzip", room)
        assert room.size_bytes < len(BOMB) + 3 * MEBIBYTE


async def test_whoever_hangs_up_holds_no_room_afterwards(unpacking, admission):
    with admission.admit(len(BOMB)) as room:
        task = asyncio.ensure_future(unpacking.unpack(BOMB, b"gzip", room))
        while room.size_bytes <= len(BOMB):  # noqa: ASYNC110 - the thread asks for room
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await asyncio.sleep(0.2)

    assert admission.held_bytes == 0


async def test_bombs_take_no_more_than_two_threads_and_none_that_others_need(
    unpacking, admission, monkeypatch
):
    at_work, most, names = set(), [0], set()
    unpack = module.unpack

    def watched(*args):
        name = threading.current_thread().name
        names.add(name)
        at_work.add(name)
        most[0] = max(most[0], len(at_work))
        try:
            return unpack(*args)
        finally:
            at_work.discard(name)

    monkeypatch.setattr(module, "unpack", watched)
    rooms = [admission.admit() for _ in range(20)]
    packed = gzip.compress(b" " * 60_000)
    await asyncio.gather(*(unpacking.unpack(packed, b"gzip", room) for room in rooms))

    assert most[0] <= 2
    assert all(name.startswith("unpacking") for name in names)
