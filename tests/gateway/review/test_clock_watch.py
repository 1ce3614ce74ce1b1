"""A clock that somebody sets wrong costs no flag; one that goes on as clocks do is believed."""

from gateway.review.clock_watch import ClockWatch
from gateway.review.filters import Filter
from gateway.review.retention import Retention
from gateway.review.store import ReviewStore
from tests.gateway.review.conftest import DAY, NOON, caught


class Clocks:
    """One that is set, and one that cannot be."""

    def __init__(self) -> None:
        self.wall, self.passed = NOON, 100.0

    def go_on(self, seconds: float) -> None:
        self.wall, self.passed = self.wall + seconds, self.passed + seconds


def test_a_leap_ahead_is_doubted_for_hours_and_then_believed(caplog):
    clocks = Clocks()
    watch = ClockWatch(lambda: clocks.passed)
    assert watch.is_believed(clocks.wall)

    clocks.wall += 365 * DAY

    assert not watch.is_believed(clocks.wall)
    assert "leapt 365 days ahead" in caplog.text
    clocks.go_on(6 * 3600 - 1)
    assert not watch.is_believed(clocks.wall)
    clocks.go_on(2)
    assert watch.is_believed(clocks.wall)


def test_a_clock_that_is_set_back_is_believed_at_once():
    clocks = Clocks()
    watch = ClockWatch(lambda: clocks.passed)
    watch.is_believed(clocks.wall)
    clocks.wall += 365 * DAY
    watch.is_believed(clocks.wall)

    clocks.wall -= 365 * DAY

    assert watch.is_believed(clocks.wall)


def test_small_corrections_and_long_waits_are_no_leaps():
    clocks = Clocks()
    watch = ClockWatch(lambda: clocks.passed)

    for _ in range(3):
        clocks.go_on(40 * DAY)
        clocks.wall += 3600
        assert watch.is_believed(clocks.wall)


def test_flags_outlive_a_mistyped_date(tmp_path):
    clocks = Clocks()
    store = ReviewStore.open(tmp_path / "review", clock=lambda: clocks.wall)
    retention = Retention(30, 10**9, ClockWatch(lambda: clocks.passed))
    store.add([caught(at=NOON)])
    retention.sweep(store)

    clocks.wall += 365 * DAY
    assert retention.sweep(store) == 0
    clocks.wall -= 365 * DAY
    clocks.go_on(60)
    assert retention.sweep(store) == 0 and store.count(Filter()) == 1

    clocks.go_on(31 * DAY)
    assert retention.sweep(store) == 1
    store.close()
