import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.procedures.ascending import Ascending, climbed
from calibration.procedures.protocol import Heard
from tests.calibration.procedures.replay import replay


def climb(answers, levels: int = 50, window: int = 3, most_queries: int | None = None) -> list[Heard]:
    """Sweep with `answers(reference_level, level)` until the procedure is finished."""
    sweep = Ascending(levels, reference=0, window=window, most_queries=most_queries)
    heard: list[Heard] = []
    while (step := sweep.place(len(heard))) is not None:
        heard.append(Heard(step, answers(step.reference_level, step.level)))
        sweep.record(heard[-1])
    return heard


def jnds(heard: list[Heard], levels: int = 50, window: int = 3) -> list[int]:
    return climbed([(each.step.level, each.noticed) for each in heard], levels, window).jnds


def published_rule(noticed: dict[tuple[int, int], bool], levels: int, window: int) -> list[int]:
    """The rule as written down in the facts, with every answer at hand."""
    base, found = 0, []
    while True:
        hits = [
            j
            for j in range(base + 1, levels + 1)
            if all(noticed[base, m] for m in range(j, min(j + window - 1, levels) + 1))
        ]
        if not hits:
            return found
        base = hits[0]
        found.append(base)


@given(
    levels=st.integers(1, 12),
    window=st.integers(1, 4),
    chance=st.floats(0.2, 0.9),
    seed=st.integers(0, 10_000),
)
def test_the_sweep_finds_what_the_published_rule_finds(levels: int, window: int, chance: float, seed: int):
    rng = np.random.default_rng(seed)
    noticed = {
        (base, level): bool(rng.random() < chance)
        for base in range(levels)
        for level in range(base + 1, levels + 1)
    }

    heard = climb(lambda base, level: noticed[int(base), int(level)], levels, window)

    assert jnds(heard, levels, window) == published_rule(noticed, levels, window)


@given(levels=st.integers(1, 12), window=st.integers(1, 4), seed=st.integers(0, 10_000))
def test_no_pair_is_asked_twice(levels: int, window: int, seed: int):
    rng = np.random.default_rng(seed)

    heard = climb(lambda _base, _level: bool(rng.random() < 0.5), levels, window)

    pairs = [(each.step.reference_level, each.step.level) for each in heard]
    assert len(pairs) == len(set(pairs))


def test_one_jnd_is_a_yes_confirmed_on_the_whole_window():
    spike_then_step = {4, 10, 11, 12}

    heard = climb(lambda base, level: base == 0 and level in spike_then_step)

    assert jnds(heard) == [10]


def test_a_difference_every_seven_levels_makes_a_staircase():
    heard = climb(lambda base, level: level - base >= 7)

    assert jnds(heard) == [7, 14, 21, 28, 35, 42, 49]


def test_an_observer_that_never_notices_is_asked_every_level_once():
    heard = climb(lambda _base, _level: False)

    assert [each.step.level for each in heard] == list(range(1, 51))
    assert jnds(heard) == []


def test_a_reply_that_cannot_be_counted_is_no_yes():
    heard = climb(lambda _base, level: None if level % 3 == 0 else True)

    assert jnds(heard, window=3) == [49, 50]


def test_the_window_shrinks_at_the_top():
    heard = climb(lambda base, level: base == 0 and level >= 49)

    assert jnds(heard) == [49]


def test_a_sweep_stops_at_its_query_limit():
    assert len(climb(lambda _base, _level: False, most_queries=7)) == 7


def test_a_replayed_sweep_goes_on_where_it_stopped():
    whole = climb(lambda base, level: level - base >= 7)
    resumed = Ascending(50, reference=0)

    replay(resumed, whole[:20])

    assert resumed.place(20) == whole[20].step


def test_answers_of_another_sweep_are_refused():
    with pytest.raises(ValueError, match="expected the answer at level 2, got 5"):
        climbed([(1, False), (5, True)], 50, 3)


def test_a_window_of_no_level_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        Ascending(50, reference=0, window=0)
