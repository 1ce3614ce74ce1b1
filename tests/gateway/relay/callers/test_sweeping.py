import asyncio
from types import SimpleNamespace

import pytest

from gateway.relay.callers.sweeping import Writing, watch

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


class _Transport:
    def __init__(self, *sizes: int) -> None:
        self._sizes = list(sizes)

    def get_write_buffer_size(self) -> int:
        return self._sizes.pop(0)


def test_only_what_does_not_move_stands_still():
    writing, transport = Writing(), _Transport(0, 90, 90, 90, 40, 40, 0, 0)

    assert [writing.stood_still(transport, float(now)) for now in range(8)] == [0, 0, 1, 2, 0, 1, 0, 0]


async def test_connections_are_looked_at_as_long_as_there_are_any():
    seen: list[float] = []
    connection = SimpleNamespace(sweep=seen.append)
    found = [connection]
    server = SimpleNamespace(connections=found)
    for _ in range(3):
        watch(server, asyncio.get_running_loop(), 0.01)
    await asyncio.sleep(0.1)
    assert 3 <= len(seen) <= 11

    found.clear()
    await asyncio.sleep(0.03)
    count = len(seen)
    found.append(connection)
    await asyncio.sleep(0.03)
    assert len(seen) == count

    watch(server, asyncio.get_running_loop(), 0.01)
    await asyncio.sleep(0.03)
    assert len(seen) > count
    found.clear()
