from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from skimage import data

from calibration.image import Image
from calibration.profile import default_profile
from predictor.dataset import FAMILIES, Pair
from predictor.features import model_view
from predictor.labelling import MaskedVisibility
from predictor.threshold_fitting import fit_family
from predictor.threshold_search import Searched, search_thresholds
from predictor.threshold_training import Answers, ask_thresholds

PICTURES = [model_view(Image(np.ascontiguousarray(data.astronaut()[: 100 + 60 * i])), 96) for i in range(6)]


class KnownThresholds:
    """An observer whose threshold on each picture is known: a Weibull function of the level alone."""

    def __init__(self, thresholds: Sequence[float], steepness: float = 4.0) -> None:
        self._thresholds, self._steepness = thresholds, steepness

    def label(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
        ratios = [pair.level / self._thresholds[int(pair.photo)] for pair in pairs]
        return np.array([0.01 + 0.98 * (1 - 2.0 ** -min(r**self._steepness, 50)) for r in ratios])


def search(thresholds: Sequence[float], name: str = "noise", guess: float = 5.0) -> Searched:
    pictures = PICTURES[: len(thresholds)]
    return search_thresholds(pictures, name, KnownThresholds(thresholds), guess=guess, halfway=0.5)


@pytest.mark.parametrize("guess", [0.1, 5.0, 50.0])
def test_the_search_finds_known_thresholds_from_any_guess(guess: float):
    known = [0.4, 2.0, 5.0, 9.0, 30.0]

    found = search(known, guess=guess)

    assert found.is_measured.all()
    assert np.abs(found.log_levels - np.log(known)).max() < 0.06


def test_the_search_tells_how_steeply_noticing_rises():
    assert search([3.0, 6.0]).steepness == pytest.approx([4.0, 4.0], rel=0.25)


def test_a_threshold_beyond_the_scale_is_censored():
    found = search([4.0, 500.0])

    assert found.is_censored.tolist() == [False, True]
    assert np.exp(found.log_levels[1]) == pytest.approx(50.0)


def test_a_threshold_below_the_least_level_is_marked():
    found = search([4.0, 0.001])

    assert found.is_below.tolist() == [False, True]
    assert np.exp(found.log_levels[1]) == pytest.approx(0.02)


def made_up(count: int, rng: np.random.Generator) -> tuple[npt.NDArray[np.float64], Searched]:
    """Pictures whose effect is twice their first reading, with a little noise; a tenth is censored."""
    readings = rng.standard_normal((count, 5))
    true = np.log(10.0) + 2 * readings[:, 0] + 0.1 * rng.standard_normal(count)
    bound = float(np.quantile(true, 0.9))
    no = np.zeros(count, dtype=bool)
    return readings, Searched(np.minimum(true, bound), np.full(count, 4.0), true > bound, no)


def test_the_fit_recovers_an_effect_in_spite_of_censoring():
    readings, searched = made_up(300, np.random.default_rng(0))

    fitted = fit_family(readings, searched, profile_threshold=10.0)

    least, most = (fitted.effect.of(np.array([x, 0, 0, 0, 0], np.float32)) for x in (-1.0, 1.0))
    assert most - least == pytest.approx(4.0, abs=0.2)
    assert fitted.median_error < 0.15 < fitted.median_error_without_content


def test_intervals_cover_fresh_pictures():
    readings, searched = made_up(400, np.random.default_rng(1))
    fitted = fit_family(readings, searched, profile_threshold=10.0)
    fresh, truth = made_up(1000, np.random.default_rng(2))

    predicted = np.array([fitted.effect.of(row.astype(np.float32)) for row in fresh]) + np.log(10.0)
    off = (truth.log_levels - predicted)[truth.is_measured]

    inside = (off >= fitted.settings.below) & (off <= fitted.settings.above)
    assert 0.92 <= inside.mean() <= 0.99


def test_too_few_pictures_are_refused():
    readings, searched = made_up(10, np.random.default_rng(0))

    with pytest.raises(ValueError, match="at least 40"):
        fit_family(readings, searched, profile_threshold=10.0)


def test_answers_come_back_as_they_were_saved(tmp_path: Path):
    answers = ask_thresholds(PICTURES[:2], MaskedVisibility(), default_profile())
    answers.save(tmp_path / "answers.npz")

    found = Answers.load(tmp_path / "answers.npz")

    assert np.array_equal(found.pictures, answers.pictures)
    assert all(
        np.array_equal(found.searched[name].log_levels, answers.searched[name].log_levels)
        for name in FAMILIES
    )


def test_nothing_to_ask_about_is_refused():
    with pytest.raises(ValueError, match="at least one photograph"):
        ask_thresholds([], MaskedVisibility(), default_profile())
