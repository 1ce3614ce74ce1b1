import asyncio

import pytest
from prometheus_client import Gauge

from gateway.errors import QueueFullError
from gateway.relay.admission import Admission, Reservation
from gateway.relay.callers.incoming import BodyTooLargeError, ClientHangUpError, Incoming

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


def _room(max_bytes: int = 1000) -> Reservation:
    return Admission(max_bytes, Gauge("held", "Held bytes.", registry=None)).admit()


def _incoming(*messages, headers=()) -> Incoming:
    waiting = list(messages)

    async def receive():
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    scope = {"method": "POST", "headers": list(headers), "raw_path": b"/", "query_string": b""}
    return Incoming(scope, receive)


def _piece(body: bytes, more_body: bool = True):
    return {"type": "http.request", "body": body, "more_body": more_body}


GONE = {"type": "http.disconnect"}


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"7")]])
async def test_body_is_read_whole_and_its_room_counted(headers):
    room = _room()
    incoming = _incoming(_piece(b"one "), _piece(b"two", False), headers=headers)

    assert await incoming.read(100, room) == b"one two"
    assert room.size_bytes == 7


async def test_room_is_asked_for_before_the_first_byte_of_an_announced_body():
    admission = Admission(100, Gauge("held", "Held bytes.", registry=None))
    admission.admit(50)
    incoming = _incoming(headers=[(b"content-length", b"70000")])

    with pytest.raises(QueueFullError):
        await incoming.read(100_000, admission.admit())


async def test_room_is_asked_for_while_a_body_of_unknown_length_grows():
    admission = Admission(200_000, Gauge("held", "Held bytes.", registry=None))
    admission.admit(100_000)
    incoming = _incoming(_piece(b"x" * 80_000), _piece(b"x" * 80_000, False))

    with pytest.raises(QueueFullError):
        await incoming.read(1_000_000, admission.admit())


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"12")]])
async def test_nothing_of_a_body_too_large_is_lost(headers):
    incoming = _incoming(_piece(b"abcd"), _piece(b"efgh"), _piece(b"ijkl", False), headers=headers)

    with pytest.raises(BodyTooLargeError):
        await incoming.read(6, _room())

    assert b"".join([piece async for piece in incoming.chunks()]) == b"abcdefghijkl"


async def test_client_leaving_in_the_middle_of_its_body_is_noticed():
    incoming = _incoming(_piece(b"half"), GONE)

    with pytest.raises(ClientHangUpError):
        await incoming.read(100, _room())

    assert incoming.is_abandoned


@pytest.mark.parametrize("is_watched_first", [True, False])
async def test_a_hang_up_is_told_once_the_body_is_read(is_watched_first):
    incoming, gone = _incoming(_piece(b"", False), GONE), asyncio.Event()
    if is_watched_first:
        incoming.call_on_hang_up(gone.set)
    await incoming.read(1, _room())
    if not is_watched_first:
        incoming.call_on_hang_up(gone.set)

    await asyncio.wait_for(gone.wait(), 5)


async def test_a_connection_that_cannot_be_read_is_gone():
    async def receive():
        raise OSError("gone")

    incoming = Incoming({"method": "GET", "headers": [], "raw_path": b"/", "query_string": b""}, receive)
    gone = asyncio.Event()
    incoming.call_on_hang_up(gone.set)
    incoming.without_body()

    await asyncio.wait_for(gone.wait(), 5)


async def test_nobody_is_told_after_the_answer():
    calls = []
    incoming = _incoming(_piece(b"", False), GONE)
    incoming.call_on_hang_up(lambda: calls.append(1))
    await incoming.read(1, _room())
    incoming.forget()

    await asyncio.sleep(0.01)
    assert calls == []
