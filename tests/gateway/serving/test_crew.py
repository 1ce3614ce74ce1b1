"""When a crashed worker is replaced; how it is, test_supervisor tries with real ones."""

from gateway.serving.crew import CALM_SECONDS, LONGEST_PAUSE_SECONDS, Backoff


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_crash_is_mended_at_once_and_a_crash_loop_ever_more_slowly():
    clock = Clock()
    backoff = Backoff(clock)
    pauses = []
    for _ in range(12):
        pauses.append(backoff.next_seconds())
        clock.now += pauses[-1] + 5

    assert pauses[0] < 1
    assert pauses[:8] == [pauses[0] * 2**number for number in range(8)]
    assert pauses[-1] == LONGEST_PAUSE_SECONDS


def test_a_crash_after_a_calm_is_a_first_one():
    clock = Clock()
    backoff = Backoff(clock)
    first = backoff.next_seconds()
    backoff.next_seconds()

    clock.now += CALM_SECONDS + 31

    assert backoff.next_seconds() == first
