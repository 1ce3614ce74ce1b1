import math
from collections.abc import Callable

import numpy as np
import pytest

from calibration.prompts.response_change import (
    Count,
    Crossing,
    LevelCount,
    by_share,
    crossing,
    monotone_climb,
)
from calibration.stimuli.prompt_text import LEVELS

STEADY = Count(1, 60)


def counts(*changed: int, of: int = 20) -> list[LevelCount]:
    return [LevelCount(level, level, Count(n, of)) for level, n in zip(LEVELS, changed, strict=False)]


def observed(climb: Callable[[float], float], by_itself: float, rng: np.random.Generator) -> Crossing:
    """What one run finds of an observer whose answers change so often beyond the rate by itself."""
    levels = [
        LevelCount(level, level, Count(int(rng.binomial(20, by_itself + (1 - by_itself) * climb(level))), 20))
        for level in LEVELS
    ]
    return crossing(levels, Count(int(rng.binomial(60, by_itself)), 60))


@pytest.mark.parametrize(("share", "slope"), [(20, 3), (20, 1), (12, 1)])
def test_the_share_at_which_half_change_is_recovered_inside_its_interval(share: float, slope: float):
    rng = np.random.default_rng(1)

    found = [observed(lambda level: 1 - 2 ** -((level / share) ** slope), 0.03, rng) for _ in range(40)]

    errors = [math.log((each.share or math.inf) / share) for each in found]
    covered = [(each.low or 0) <= share <= (each.high or math.inf) for each in found]
    assert abs(np.mean(errors)) < 0.1
    assert np.mean(covered) >= 0.85


def test_what_changes_by_itself_is_no_effect_of_the_prompt():
    climbing = counts(5, 7, 9, 11, 13, 15, 19)

    steady, restless = crossing(climbing, Count(0, 60)), crossing(climbing, Count(15, 60))

    assert restless.share > steady.share


def test_ratios_like_the_published_ones_never_reach_half():
    found = crossing(counts(16, 18, 19, 20, 21, 22, 23, of=50), Count(2, 150))

    assert found.share is None
    assert found.high is None


def test_a_ratio_that_may_or_may_not_reach_half_has_an_open_interval():
    found = crossing(counts(1, 2, 3, 5, 7, 9, 12), STEADY)

    assert found.low < found.share <= 50
    assert found.high is None


def test_levels_that_change_the_same_share_count_together():
    levels = [LevelCount(level, 100, Count(n, 10)) for level, n in zip((5, 10, 50), (4, 6, 8), strict=True)]

    pooled = by_share(levels)

    assert [(found.share, found.count) for found in pooled] == [(100, Count(18, 30))]
    assert crossing(levels, STEADY) == crossing(pooled, STEADY)


def test_the_order_of_levels_and_those_without_answers_change_nothing():
    levels = counts(2, 4, 8, 12, 16, 18, 20)

    assert crossing([*levels[::-1], LevelCount(40, 40, Count(0, 0))], STEADY) == crossing(levels, STEADY)


def test_a_climb_never_falls_and_starts_at_the_rate_by_itself():
    climb = monotone_climb(counts(0, 8, 4, 10, 9, 16, 12), Count(6, 60))

    assert climb.ratios[0] == 0.1
    assert list(climb.shares) == [0, *LEVELS]
    assert np.all(np.diff(climb.ratios) >= 0)


def test_a_ratio_has_its_score_interval_and_none_without_answers():
    assert Count(5, 20).ratio == 0.25
    assert Count(5, 20).interval == pytest.approx((0.1119, 0.4687), abs=1e-4)
    assert Count(0, 0).ratio is Count(0, 0).interval is None
