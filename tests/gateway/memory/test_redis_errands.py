import threading
import time
from collections.abc import Iterator

import pytest

from gateway.memory.redis_errands import MOST_WAITING, MOST_WAITING_BYTES, Errands
from tests.gateway.memory.redis_server import RedisServer

wait_until = RedisServer.wait_until


class Line:
    """Stays in trouble until it was probed so often."""

    def __init__(self, probes: int = 1) -> None:
        self.left = probes
        self.trouble: str | None = "away"

    def probe(self) -> None:
        self.left -= 1
        if self.left <= 0:
            self.trouble = None


@pytest.fixture
def errands() -> Iterator[Errands]:
    found = Errands(Line())
    yield found
    found.close()


def test_errands_are_done_in_order_and_none_is_waited_for(errands: Errands):
    gate, done = threading.Event(), []
    errands.soon(gate.wait)
    begun = time.monotonic()
    for number in range(100):
        errands.soon(lambda number=number: done.append(number))

    assert time.monotonic() - begun < 1.0
    assert not errands.is_idle
    gate.set()
    wait_until(lambda: errands.is_idle)
    assert done == list(range(100))


def test_what_is_too_much_is_left_out(errands: Errands):
    gate, done = threading.Event(), []
    errands.soon(gate.wait)
    errands.soon(lambda: done.append("large"), MOST_WAITING_BYTES + 1)
    for _ in range(2 * MOST_WAITING):
        errands.soon(lambda: done.append("small"))
    gate.set()
    wait_until(lambda: errands.is_idle)

    assert set(done) == {"small"}
    assert MOST_WAITING - 2 <= len(done) <= MOST_WAITING + 1


def test_an_errand_that_fails_stops_no_other(errands: Errands, caplog: pytest.LogCaptureFixture):
    done = []
    errands.soon(lambda: 1 / 0)
    errands.soon(lambda: done.append(True))
    wait_until(lambda: errands.is_idle)

    assert done == [True]
    assert "failed" in caplog.text


def test_what_is_repeated_begins_at_once(errands: Errands):
    done = threading.Event()
    errands.again_and_again(done.set)

    assert done.wait(3.0)


def test_a_line_in_trouble_is_probed_until_it_is_not():
    line = Line(probes=4)
    errands = Errands(line)

    wait_until(lambda: line.trouble is None, 5.0)
    errands.close()


def test_what_waits_at_the_end_is_done():
    errands, done = Errands(Line()), []
    errands.soon(lambda: time.sleep(0.1))
    errands.soon(lambda: done.append(True))
    errands.close()

    assert done == [True]
