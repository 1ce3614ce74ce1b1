import asyncio

import pytest

from gateway.relay.incoming import BodyTooLargeError, ClientHangUpError, Incoming, unless_hung_up

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


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


async def test_body_is_read_whole():
    assert await _incoming(_piece(b"one "), _piece(b"two", False)).read(100) == b"one two"


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"12")]])
async def test_nothing_of_a_body_too_large_is_lost(headers):
    incoming = _incoming(_piece(b"abcd"), _piece(b"efgh"), _piece(b"ijkl", False), headers=headers)

    with pytest.raises(BodyTooLargeError):
        await incoming.read(6)

    assert b"".join([piece async for piece in incoming.chunks()]) == b"abcdefghijkl"


async def test_client_leaving_in_the_middle_of_its_body_is_noticed():
    incoming = _incoming(_piece(b"half"), GONE)

    with pytest.raises(ClientHangUpError):
        await incoming.read(100)

    assert incoming.is_abandoned


async def test_work_is_cancelled_when_the_client_leaves():
    incoming = _incoming(_piece(b"", False), GONE)
    await incoming.read(1)
    is_cancelled = False

    async def work():
        nonlocal is_cancelled
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            is_cancelled = True
            raise

    with pytest.raises(ClientHangUpError):
        await unless_hung_up(incoming, work())

    assert is_cancelled


async def test_work_that_ends_first_is_not_disturbed():
    incoming = _incoming(_piece(b"", False))
    await incoming.read(1)

    async def work():
        await asyncio.sleep(0)

    assert await unless_hung_up(incoming, work()) is None


async def test_failure_of_the_work_reaches_the_caller():
    async def work():
        raise LookupError

    with pytest.raises(LookupError):
        await unless_hung_up(_incoming(), work())
