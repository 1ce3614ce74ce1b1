import asyncio

import pytest

from gateway.relay.incoming import BodyTooLargeError, ClientHangUpError, Incoming, until_hung_up

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

    with pytest.raises(ClientHangUpError):
        async with until_hung_up(incoming):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                is_cancelled = True
                raise

    assert is_cancelled
    await asyncio.sleep(0)  # nothing of the cancellation is left over


async def test_work_that_ends_first_is_not_disturbed():
    incoming = _incoming(_piece(b"", False))
    await incoming.read(1)

    async with until_hung_up(incoming):
        await asyncio.sleep(0)
        is_done = True

    assert is_done


async def test_work_that_ends_as_the_client_leaves_is_done():
    is_ready = asyncio.Event()

    async def receive():
        if not incoming.is_read:
            incoming.is_read = True
            return _piece(b"", False)
        is_ready.set()  # wakes the work in the very turn in which the client is seen to leave
        return GONE

    scope = {"method": "POST", "headers": [], "raw_path": b"/", "query_string": b""}
    incoming = Incoming(scope, receive)
    incoming.is_read = False
    await incoming.read(1)

    async with until_hung_up(incoming):
        await is_ready.wait()
        is_done = True

    await asyncio.sleep(0.01)  # nothing of the cancellation is left over
    assert is_done


async def test_work_that_answers_its_cancellation_with_an_error_was_hung_up_on():
    incoming = _incoming(_piece(b"", False), GONE)
    await incoming.read(1)

    with pytest.raises(ClientHangUpError):
        async with until_hung_up(incoming):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise LookupError from None


async def test_a_connection_that_cannot_be_read_is_gone():
    async def receive():
        raise OSError("gone")

    incoming = Incoming({"method": "GET", "headers": [], "raw_path": b"/", "query_string": b""}, receive)
    incoming.without_body()

    with pytest.raises(ClientHangUpError):
        async with until_hung_up(incoming):
            await asyncio.Event().wait()


async def test_failure_of_the_work_reaches_the_caller_as_it_is():
    with pytest.raises(LookupError):
        async with until_hung_up(_incoming()):
            raise LookupError


async def test_who_cancels_the_request_is_not_taken_for_the_client():
    async def serve():
        async with until_hung_up(_incoming()):
            await asyncio.Event().wait()

    task = asyncio.ensure_future(serve())
    await asyncio.sleep(0.01)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
