import asyncio

import pytest

from gateway.relay.callers.http_cycle import Cycle

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


class _Transport:
    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed


class _Flow:
    write_paused = False
    read_paused = False

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def _cycle(method: str = "GET", version: str = "1.1", **fields) -> Cycle:
    given = {
        "loop": asyncio.get_running_loop(),
        "scope": {"method": method, "http_version": version},
        "transport": _Transport(),
        "flow": _Flow(),
        "logger": None,
        "access_logger": None,
        "access_log": False,
        "default_headers": [],
        "message_event": asyncio.Event(),
        "expect_100_continue": False,
        "keep_alive": True,
        "on_response": lambda: None,
    }
    return Cycle(**(given | fields))


async def _send(cycle: Cycle, status: int, headers, *pieces: bytes) -> bytes:
    await cycle.send({"type": "http.response.start", "status": status, "headers": headers})
    for number, piece in enumerate(pieces):
        is_more = number < len(pieces) - 1
        await cycle.send({"type": "http.response.body", "body": piece, "more_body": is_more})
    return b"".join(cycle.transport.written)


async def test_head_and_first_piece_leave_in_one_write():
    cycle = _cycle()
    sent = await _send(cycle, 200, [(b"content-length", b"2")], b"ok")

    assert cycle.transport.written == [sent]
    assert sent == b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def test_an_empty_first_piece_sends_the_head_at_once():
    cycle = _cycle()
    await cycle.send({"type": "http.response.start", "status": 200, "headers": []})
    await cycle.send({"type": "http.response.body", "body": b"", "more_body": True})

    assert cycle.transport.written == [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"]


async def test_an_answer_of_unknown_length_goes_in_chunks():
    sent = await _send(_cycle(), 200, [], b"one", b"", b"two")

    assert sent.endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


async def test_http_1_0_gets_the_end_of_the_connection_for_an_end():
    cycle = _cycle(version="1.0", keep_alive=False)
    cycle.end_body()
    sent = await _send(cycle, 200, [], b"one", b"two")

    assert sent == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nonetwo"
    assert cycle.transport.is_closed


@pytest.mark.parametrize("pieces", [(b"o",), (b"okay",), (b"o", b"kay")])
async def test_an_answer_of_another_length_than_announced_is_an_error(pieces):
    with pytest.raises(RuntimeError):
        await _send(_cycle(), 200, [(b"content-length", b"2")], *pieces)


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 304), ("GET", 204)])
async def test_an_answer_without_a_body_keeps_its_length(method, status):
    sent = await _send(_cycle(method), status, [(b"content-length", b"100")], b"")

    assert sent.endswith(b"content-length: 100\r\n\r\n")


async def test_a_header_cannot_start_another_line():
    with pytest.raises(RuntimeError):
        await _send(_cycle(), 200, [(b"x", b"a\r\nevil: 1")], b"")


async def test_a_body_in_one_piece_is_not_copied():
    cycle, piece = _cycle(), b"x" * 1000
    cycle.add(piece)

    assert cycle.take() is piece
    assert cycle.take() == b""


async def test_gathering_ends_with_the_body_with_the_limit_and_with_the_caller():
    for act in (Cycle.end_body, lambda cycle: cycle.add(b"x" * 20), Cycle.time_out):
        cycle = _cycle()
        gathering = asyncio.ensure_future(cycle.gather(10))
        await asyncio.sleep(0)
        cycle.add(b"some")
        await asyncio.sleep(0)
        assert not gathering.done()
        act(cycle)
        await asyncio.wait_for(gathering, 5)


async def test_a_hang_up_is_told_while_an_answer_is_owed():
    cycle, calls = _cycle(), []
    cycle.on_hang_up = lambda: calls.append(1)
    await _send(cycle, 200, [(b"content-length", b"2")], b"ok")
    cycle.hang_up()
    assert calls == []

    cycle = _cycle()
    cycle.on_hang_up = lambda: calls.append(1)
    cycle.hang_up()
    assert calls == [1]


class _CountingFlow(_Flow):
    def pause_reading(self) -> None:
        self.read_paused = True

    def resume_reading(self) -> None:
        self.read_paused = False


async def test_a_large_body_is_read_one_piece_per_turn_of_the_loop():
    flow = _CountingFlow()
    cycle = _cycle("POST", flow=flow)
    whole = asyncio.ensure_future(cycle.gather(1_000_000, 300_000))
    await asyncio.sleep(0)

    for _ in range(3):
        assert not flow.read_paused
        cycle.add(bytes(100_000))
        assert flow.read_paused
        await asyncio.sleep(0)
    cycle.end_body()
    await whole

    assert cycle.take() == bytes(300_000)


async def test_a_body_that_breaks_off_has_no_more_than_what_came():
    cycle = _cycle("POST")
    whole = asyncio.ensure_future(cycle.gather(1_000_000, 300_000))
    await asyncio.sleep(0)

    cycle.add(b"ab")
    cycle.add(b"c")
    cycle.time_out()
    await whole

    assert cycle.take() == b"abc"
