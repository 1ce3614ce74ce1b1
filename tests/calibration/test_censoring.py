import math

import numpy as np
import pytest

from calibration.censoring import censored_mean


def sample(count: int, limit: float, seed: int) -> tuple[list[float], list[bool], float]:
    rng = np.random.default_rng(seed)
    true = np.exp(rng.normal(3.0, 0.5, count))
    return np.minimum(true, limit).tolist(), (true > limit).tolist(), float(np.exp(3.0 + 0.125))


def coverage(count: int, limit: float, runs: int) -> float:
    """How often the interval of whole numbers around 12 holds their mean."""
    rng, inside = np.random.default_rng(count), []
    while len(inside) < runs:
        values = np.maximum(1, np.round(np.exp(rng.normal(np.log(12), 0.4, count))))
        found = censored_mean(np.minimum(values, limit), values > limit)
        if found.high is not None:
            inside.append(found.low <= 12 * np.exp(0.08) <= found.high)
    return float(np.mean(inside))


def test_without_censoring_it_is_the_plain_mean():
    found = censored_mean([4.0, 8.0, 12.0], [False] * 3)

    assert found.mean == found.limit_mean == 8
    assert found.low < 8 < found.high


def test_censored_values_do_not_pull_the_mean_down():
    values, censored, truth = sample(800, 25.0, seed=1)

    found = censored_mean(values, censored)

    assert found.limit_mean < 0.9 * truth
    assert found.mean == pytest.approx(truth, rel=0.06)
    assert found.low < truth < found.high


@pytest.mark.slow
@pytest.mark.parametrize("limit", [math.inf, 14.5])  # none, and three in ten
@pytest.mark.parametrize("count", [3, 5, 10, 20])
def test_intervals_cover_the_mean_about_as_often_as_they_say(count, limit):
    inside = coverage(count, limit, runs=1500)

    assert 0.925 <= inside <= 0.975  # 93-97 %, and the error of so many runs


@pytest.mark.parametrize("count", [3, 10])
def test_intervals_of_few_values_are_not_too_narrow(count):
    assert coverage(count, math.inf, runs=150) >= 0.9


def test_one_known_value_has_no_interval():
    alone = censored_mean([8.0], [False])
    beside_limits = censored_mean([20.0, 50.0, 50.0], [False, True, True])

    assert alone.low is alone.high is beside_limits.low is beside_limits.high is None


@pytest.mark.parametrize("count", [2, 10])
def test_equal_values_are_no_surer_than_whole_levels_can_be(count):
    found = censored_mean([10.0] * count, [False] * count)

    assert found.low < 9.9
    assert found.high > 10.1


def test_where_all_are_censored_only_a_lower_limit_is_known():
    found = censored_mean([50.0, 50.0], [True, True])

    assert (found.mean, found.limit_mean, found.high, found.is_censored) == (50, 50, None, True)


@pytest.mark.parametrize("known", [1, 2])
def test_few_known_values_still_give_a_finite_mean_above_the_limits(known):
    values, censored = [20.0] * known + [50.0] * 3, [False] * known + [True] * 3

    found = censored_mean(values, censored)

    assert found.limit_mean < found.mean < 1e4


@pytest.mark.parametrize(("values", "censored"), [([], []), ([1.0], []), ([0.0], [False]), ([-2.0], [True])])
def test_what_has_no_mean_is_refused(values, censored):
    with pytest.raises(ValueError, match="expected positive"):
        censored_mean(values, censored)
