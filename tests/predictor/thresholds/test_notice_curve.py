import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.thresholds.notice_curve import NoticeCurve

SPREAD = (-0.2, -0.1, 0.0, 0.1, 0.3)


def curve(spread: tuple[float, ...] = SPREAD, fixed_part: float = 0.0, level: float = 5.0) -> NoticeCurve:
    middle = math.log(level + fixed_part)
    return NoticeCurve(middle, spread, 3.0, fixed_part, least=0.02, strongest=50.0)


CURVE = curve()


@given(st.floats(0.01, 0.98), st.floats(0.001, 0.01))
def test_the_level_for_a_probability_rises_with_it(probability: float, more: float):
    first, second = CURVE.level_at(probability), CURVE.level_at(probability + more)

    assert 0 < first <= second <= 50
    assert CURVE.notice_probability(first) == pytest.approx(probability, abs=0.01)


def test_without_doubt_half_is_noticed_at_the_level_itself():
    assert curve(spread=(0.0,)).notice_probability(5.0) == pytest.approx(0.5)
    assert curve(spread=(0.0,), fixed_part=10.0).notice_probability(5.0) == pytest.approx(0.5)


def test_doubt_makes_little_damage_more_likely_to_be_noticed():
    doubtful = curve(spread=(-1.0, 0.0, 1.0))

    assert doubtful.level_at(0.05) < CURVE.level_at(0.05)


def test_the_level_ends_with_the_scale():
    assert curve(level=40.0).level_at(0.99) == 50.0
    assert curve(level=0.05).level_at(0.01) == 0.02


def test_what_is_done_at_once_is_noticed_however_little_is_added():
    plain, at_once = curve(), curve(fixed_part=10.0)

    assert at_once.notice_probability(0.02) > 0.1 > plain.notice_probability(0.02)
    assert at_once.level_at(0.1) == 0.02


@pytest.mark.parametrize("probability", [0.0, 1.0, -1.0, float("nan")])
def test_a_probability_outside_its_range_is_refused(probability: float):
    with pytest.raises(ValueError, match="between 0 and 1"):
        CURVE.level_at(probability)


def test_the_chance_is_that_of_thresholds_drawn_from_the_spread():
    rng = np.random.default_rng(0)
    thresholds = 5.0 * np.exp(rng.choice(np.array(CURVE.spread), 200_000))
    drawn = thresholds * np.exp(rng.logistic(size=len(thresholds)) / 3.0)

    assert CURVE.notice_probability(4.5) == pytest.approx(np.mean(drawn < 4.5), abs=0.005)
