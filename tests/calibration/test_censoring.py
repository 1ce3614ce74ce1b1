import numpy as np
import pytest

from calibration.censoring import censored_mean


def sample(count: int, limit: float, seed: int) -> tuple[list[float], list[bool], float]:
    rng = np.random.default_rng(seed)
    true = np.exp(rng.normal(3.0, 0.5, count))
    return np.minimum(true, limit).tolist(), (true > limit).tolist(), float(np.exp(3.0 + 0.125))


def test_without_censoring_it_is_the_plain_mean():
    found = censored_mean([4.0, 8.0, 12.0], [False] * 3, np.random.default_rng(0))

    assert found.mean == found.limit_mean == 8
    assert found.low < 8 < found.high


def test_censored_values_do_not_pull_the_mean_down():
    values, censored, truth = sample(800, 25.0, seed=1)

    found = censored_mean(values, censored, np.random.default_rng(0))

    assert found.limit_mean < 0.9 * truth
    assert found.mean == pytest.approx(truth, rel=0.06)
    assert found.low < truth < found.high


def test_intervals_cover_the_mean_about_as_often_as_they_say():
    inside = []
    for seed in range(40):
        values, censored, truth = sample(40, 30.0, seed)
        found = censored_mean(values, censored, np.random.default_rng(seed))
        inside.append(found.low <= truth <= found.high)

    assert np.mean(inside) >= 0.8


def test_where_all_are_censored_only_a_lower_limit_is_known():
    found = censored_mean([50.0, 50.0], [True, True], np.random.default_rng(0))

    assert (found.mean, found.limit_mean, found.high, found.is_censored) == (50, 50, None, True)


@pytest.mark.parametrize("known", [1, 2])
def test_few_known_values_still_give_a_finite_mean_above_the_limits(known):
    values, censored = [20.0] * known + [50.0] * 3, [False] * known + [True] * 3

    found = censored_mean(values, censored, np.random.default_rng(0))

    assert found.limit_mean < found.mean < 1e4


def test_the_same_generator_gives_the_same_interval():
    values, censored, _ = sample(20, 25.0, seed=3)

    first, second = (censored_mean(values, censored, np.random.default_rng(7)) for _ in range(2))

    assert first == second


@pytest.mark.parametrize(("values", "censored"), [([], []), ([1.0], []), ([0.0], [False]), ([-2.0], [True])])
def test_what_has_no_mean_is_refused(values, censored):
    with pytest.raises(ValueError, match="expected positive"):
        censored_mean(values, censored, np.random.default_rng(0))
