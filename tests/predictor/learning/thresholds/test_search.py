from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from skimage import data

from calibration.image import Image
from predictor.learning.dataset import Pair
from predictor.learning.thresholds.search import Distorted, Searched, search_thresholds
from predictor.noticeability.settings import Link
from predictor.views import model_view

PICTURES = [model_view(Image(np.ascontiguousarray(data.astronaut()[: 100 + 60 * i])), 96) for i in range(6)]


class KnownThresholds:
    """An observer whose threshold on each picture is known: a Weibull function of the level alone."""

    def __init__(self, thresholds: Sequence[float], steepness: float = 4.0) -> None:
        self._thresholds, self._steepness = thresholds, steepness

    def label(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
        ratios = [pair.level / self._thresholds[int(pair.photo)] for pair in pairs]
        return np.array([0.01 + 0.98 * (1 - 2.0 ** -min(r**self._steepness, 50)) for r in ratios])


def search(thresholds: Sequence[float], name: str = "noise", guess: float = 5.0) -> Searched:
    rendering = Distorted(PICTURES[: len(thresholds)], name)
    return search_thresholds(
        rendering,
        KnownThresholds(thresholds),
        guess=guess,
        link=Link(0.01, 0.99, 4.0),
        rng=np.random.default_rng(0),
    )


@pytest.mark.parametrize("guess", [0.1, 5.0, 50.0])
def test_the_search_finds_known_thresholds_from_any_guess(guess: float):
    known = [0.4, 2.0, 5.0, 9.0, 30.0]

    found = search(known, guess=guess)

    assert found.is_measured.all()
    assert np.abs(found.log_levels - np.log(known)).max() < 0.06


def test_a_random_level_of_every_picture_is_noticed_as_surely_as_the_observer_says():
    known = np.array([0.4, 2.0, 5.0, 9.0, 30.0])

    found = search(known.tolist())

    assert len(set(found.drawn)) == len(known)
    assert found.noticed == pytest.approx(1 - 2.0 ** -((np.exp(found.drawn) / known) ** 4), abs=1e-6)


def test_a_threshold_beyond_the_scale_is_censored():
    found = search([4.0, 500.0])

    assert found.is_censored.tolist() == [False, True]
    assert np.exp(found.log_levels[1]) == pytest.approx(50.0)


def test_a_threshold_below_the_least_level_is_marked():
    found = search([4.0, 0.001])

    assert found.is_below.tolist() == [False, True]
    assert np.exp(found.log_levels[1]) == pytest.approx(0.02)


def test_what_is_random_is_asked_several_times_and_differs():
    pairs = Distorted(PICTURES, "mask", first_seed=3).pairs(1, 10.0)

    assert len(pairs) > 1
    assert not np.array_equal(pairs[0].distorted.pixels, pairs[1].distorted.pixels)
    assert np.array_equal(
        pairs[0].distorted.pixels, Distorted(PICTURES, "mask", 3).pairs(1, 10.0)[0].distorted.pixels
    )
