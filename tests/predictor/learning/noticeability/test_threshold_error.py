from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from predictor.learning.dataset import FAMILIES, PairSet
from predictor.learning.noticeability.threshold_error import identical_pairs, threshold_errors

FAMILY = FAMILIES.index("noise")


def pairs(levels: np.ndarray, chances: np.ndarray) -> PairSet:
    count = len(levels)
    distorted = np.where(levels > 0, 1, 0).astype(np.uint8)[:, None, None, None] * np.ones(
        (1, 1, 1, 3), np.uint8
    )
    return PairSet(
        references=np.zeros((count, 1, 1, 3), np.uint8),
        distorted=distorted,
        photos=np.array(["a"] * count),
        families=np.where(levels > 0, FAMILY, -1).astype(np.int64),
        levels=levels.astype(np.float32),
        shifts=np.zeros((count, len(FAMILIES)), np.float32),
        probabilities=chances.astype(np.float32),
    )


def curve(levels: np.ndarray, threshold: float, slope: float = 2.0) -> np.ndarray:
    return 0.02 + 0.95 * -np.expm1(-((levels / threshold) ** slope))


def errors_of(asked: PairSet, chances: np.ndarray, names: set[str]) -> Mapping[str, float]:
    return threshold_errors(asked, chances, names, identical=identical_pairs(asked))


LEVELS = np.concatenate([np.zeros(20), np.geomspace(1, 40, 80)])


def test_a_prediction_that_is_the_answer_has_no_error():
    asked = pairs(LEVELS, curve(LEVELS, 8.0))

    assert errors_of(asked, curve(LEVELS, 8.0), {"noise"})["noise"] == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.5])
def test_the_error_is_the_logarithm_of_the_factor(factor: float):
    asked = pairs(LEVELS, curve(LEVELS, 8.0))

    found = errors_of(asked, curve(LEVELS, 8.0 * factor), {"noise"})["noise"]

    assert found == pytest.approx(np.log(factor), abs=0.06)


def test_what_happened_to_be_shown_cancels():
    """Answers drawn at random lie off the truth; a prediction of the truth is off by that alone."""
    rng = np.random.default_rng(0)
    said = (rng.random(len(LEVELS)) < curve(LEVELS, 8.0)).astype(float)

    found = errors_of(pairs(LEVELS, said), curve(LEVELS, 8.0), {"noise"})["noise"]

    assert abs(found) < 0.25


def test_distortions_not_wanted_or_hardly_asked_about_are_missing():
    asked = pairs(LEVELS, curve(LEVELS, 8.0))
    few = asked.take(np.flatnonzero(asked.levels > 0)[:5])

    assert errors_of(asked, curve(LEVELS, 8.0), {"blur"}) == {}
    assert errors_of(few, np.full(5, 0.5), {"noise"}) == {}


def test_pairs_of_unknown_level_are_left_out():
    asked = pairs(LEVELS, curve(LEVELS, 8.0))
    upstream = replace(asked, levels=np.zeros_like(asked.levels), distorted=np.ones_like(asked.distorted))

    assert errors_of(upstream, curve(LEVELS, 8.0), {"noise"}) == {}
