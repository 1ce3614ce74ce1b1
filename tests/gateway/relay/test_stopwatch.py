import pytest

from gateway.relay.stopwatch import Stopwatch


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_overhead_leaves_out_slow_callers_and_slow_models():
    clock = Clock()
    times = Stopwatch(clock)
    clock.now += 50  # the caller sends its body slowly
    times.body_arrived()
    clock.now += 0.25
    with times.waiting_for_upstream():
        clock.now += 30
    clock.now += 0.5
    times.answer_starts()

    assert times.overhead_seconds == pytest.approx(0.75)
    assert times.upstream_seconds == pytest.approx(30)


def test_an_upstream_never_asked_has_no_wait():
    times = Stopwatch(Clock())
    times.answer_starts()

    assert times.upstream_seconds is None


def test_an_upstream_that_fails_was_waited_for_all_the_same():
    clock = Clock()
    times = Stopwatch(clock)

    with pytest.raises(LookupError), times.waiting_for_upstream():
        clock.now += 3
        raise LookupError

    assert times.upstream_seconds == pytest.approx(3)


def test_the_first_piece_of_an_answer_is_timed_from_the_asking():
    clock = Clock()
    times = Stopwatch(clock)
    assert times.since_asked() is None
    clock.now += 9
    with times.waiting_for_upstream():
        clock.now += 1
    clock.now += 2
    times.chunk_arrives()
    clock.now += 5
    times.chunk_arrives()

    assert times.first_chunk_seconds == pytest.approx(3)
    assert times.since_asked() == pytest.approx(8)
