import numpy as np
import numpy.typing as npt
import pytest

from predictor.learning.thresholds.fitting import Lessons, conformal_bound, fit_family
from predictor.learning.thresholds.search import Searched
from predictor.thresholds.content_effect import Scale, Trust, predict_level

STEEPNESS = 3.0  # of noticing, on ln(level + fixed part)


def made_up(count: int, seed: int, fixed_part: float = 0.0) -> Lessons:
    """Pictures whose effect is twice their first reading, with a little noise; a tenth is censored."""
    rng = np.random.default_rng(seed)
    readings = rng.standard_normal((count, 5))
    effects = 0.5 * readings[:, 0] + 0.1 * rng.standard_normal(count)
    levels = np.maximum((10.0 + fixed_part) * np.exp(effects) - fixed_part, 0.02)
    bound = float(np.quantile(levels, 0.9))
    drawn = rng.uniform(np.log(2.0), np.log(30.0), count)
    log_odds = STEEPNESS * np.log((np.exp(drawn) + fixed_part) / (levels + fixed_part))
    found = Searched(
        log_levels=np.log(np.minimum(levels, bound)),
        is_censored=levels > bound,
        is_below=levels <= 0.02,
        drawn=drawn,
        noticed=1 / (1 + np.exp(-log_odds)),
    )
    return Lessons(readings, found, own=10.0, least=0.02)


def one_reading(value: float) -> npt.NDArray[np.float32]:
    return np.array([value, 0, 0, 0, 0], np.float32)


def test_the_fit_recovers_an_effect_in_spite_of_censoring():
    fitted = fit_family(made_up(200, 0), fixed_parts=(0.0,))

    assert fitted.effect.of(one_reading(1)) - fitted.effect.of(one_reading(-1)) == pytest.approx(1.0, abs=0.1)
    assert fitted.median_error < 0.15 < fitted.median_error_without_content


@pytest.mark.parametrize("fixed_part", [0.0, 20.0])
def test_the_steepness_within_a_picture_is_found_beside_the_doubt_where_it_lies(fixed_part: float):
    fitted = fit_family(made_up(300, 3, fixed_part), (fixed_part,))

    assert fitted.settings.steepness == pytest.approx(STEEPNESS, rel=0.15)


def test_a_part_that_does_not_grow_with_the_level_is_found():
    assert fit_family(made_up(100, 0, fixed_part=20.0), (0.0, 20.0)).settings.fixed_part == 20.0


def test_no_such_part_is_assumed_where_it_gains_nothing():
    assert fit_family(made_up(100, 0), (0.0, 30.0)).settings.fixed_part == 0.0


@pytest.mark.parametrize("fixed_part", [0.0, 20.0])
def test_intervals_cover_fresh_pictures(fixed_part: float):
    fitted, fresh = fit_family(made_up(200, 1, fixed_part)), made_up(1000, 2, fixed_part)

    effects = fitted.effect.of_each(fresh.readings.astype(np.float32))
    found = [
        predict_level(effect, fitted.settings, own=10.0, scale=Scale(0.02, 500.0), trust=Trust())
        for effect in effects
    ]

    levels, censored = np.exp(fresh.searched.log_levels), fresh.searched.is_censored
    inside = [
        level <= one.high and (one.low <= level or beyond)
        for one, level, beyond in zip(found, levels, censored, strict=True)
    ]
    assert 0.92 <= np.mean(inside) <= 0.99


def test_the_conformal_bound_is_kept_as_often_as_it_says():
    rng = np.random.default_rng(0)
    kept = [
        np.mean(rng.exponential(size=200) <= conformal_bound(rng.exponential(size=99))) for _ in range(300)
    ]

    assert np.mean(kept) == pytest.approx(0.95, abs=0.01)


def test_too_few_pictures_are_refused():
    with pytest.raises(ValueError, match="at least 40"):
        fit_family(made_up(10, 0))
