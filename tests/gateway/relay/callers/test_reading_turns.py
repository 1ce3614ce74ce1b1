import asyncio
from types import SimpleNamespace

import pytest

from gateway.relay.callers.reading_turns import ReadingTurns, turns_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


async def test_two_at_a_time_read_on_in_the_order_in_which_they_came():
    turns, read = ReadingTurns(asyncio.get_running_loop()), []
    for name in "abcde":
        turns.wait(lambda name=name: read.append(name))

    seen = []
    for _ in range(3):
        await asyncio.sleep(0)
        seen.append("".join(read))

    assert seen == ["ab", "abcd", "abcde"]


async def test_who_waits_again_comes_after_those_that_wait_already():
    turns, read = ReadingTurns(asyncio.get_running_loop()), []

    def read_on(name: str) -> None:
        read.append(name)
        if len(read) < 8:
            turns.wait(lambda: read_on(name))

    for name in "abc":
        turns.wait(lambda name=name: read_on(name))
    for _ in range(8):
        await asyncio.sleep(0)

    assert "".join(read).startswith("abcabc")


async def test_the_connections_of_a_server_share_their_turns():
    server, loop = SimpleNamespace(), asyncio.get_running_loop()

    assert turns_of(server, loop) is turns_of(server, loop)
