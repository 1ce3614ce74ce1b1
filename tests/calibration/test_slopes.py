import numpy as np
import pytest

from calibration.fitting import Counts, slope_likelihood
from calibration.parameters import ANY_SLOPE, SLOPES
from calibration.psychometric import PsychometricFunction
from calibration.slopes import slope_priors


def likelihood_of(slope: float, spread: float = 0.6) -> np.ndarray:
    return np.exp(-0.5 * (np.log(SLOPES / slope) / spread) ** 2)


def told(slopes: dict[str, float]) -> dict[str, np.ndarray]:
    return {name: likelihood_of(slope) for name, slope in slopes.items()}


def test_a_distortion_alone_may_have_any_slope():
    assert slope_priors(told({"blur": 1.5})) == {"blur": ANY_SLOPE}


@pytest.mark.parametrize("slope", [1.5, 3.0, 6.0])
def test_a_slope_is_expected_near_those_of_the_others(slope):
    names = ["blur", "noise", "jpeg", "contrast", "mask", "qr", "text", "webp"]

    prior = slope_priors(told(dict.fromkeys(names, slope)))["blur"]

    assert prior.median == pytest.approx(slope, rel=0.25)
    assert prior.spread < ANY_SLOPE.spread / 2


def test_a_distortion_does_not_count_for_itself():
    others = {"noise": 2.0, "jpeg": 2.0, "mask": 2.0}

    shallow, steep = (slope_priors(told({"blur": own, **others})) for own in (1.0, 9.0))

    assert shallow["blur"].median == pytest.approx(steep["blur"].median)
    assert shallow["noise"].median < steep["noise"].median


def test_one_distortion_of_its_own_kind_hardly_moves_the_others():
    names = ["noise", "jpeg", "contrast", "mask", "qr", "text", "webp"]
    alike = {name: likelihood_of(2.0, 0.3) for name in names}

    without = slope_priors(alike)["noise"]
    beside = slope_priors({**alike, "angle": likelihood_of(12.0, 0.2)})["noise"]

    assert beside.median == pytest.approx(without.median, rel=0.1)


def test_a_slope_unlike_the_others_stays_possible():
    prior = slope_priors(told({"blur": 2.0, "noise": 2.0, "jpeg": 2.0, "mask": 2.0}))["blur"]

    mass = prior.density(np.log(SLOPES))

    assert mass[SLOPES > 8].sum() / mass.sum() > 0.02


@pytest.mark.parametrize(("shallow", "steep"), [(1.0, 3.0), (2.0, 8.0)])
def test_answers_tell_a_shallow_slope_from_a_steep_one(shallow, steep):
    levels = np.array([0.0, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0])
    total = np.full(len(levels), 60.0)

    best = [
        SLOPES[
            slope_likelihood(
                Counts(
                    levels, total * PsychometricFunction(15, slope, 0.02, 0.02).probability(levels), total
                ),
                50.0,
            ).argmax()
        ]
        for slope in (shallow, steep)
    ]

    assert best == [pytest.approx(shallow, rel=0.35), pytest.approx(steep, rel=0.35)]


def test_without_answers_every_slope_is_as_likely():
    assert slope_likelihood(Counts.of([]), 50.0) == pytest.approx(np.ones(len(SLOPES)))
