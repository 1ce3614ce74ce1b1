import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from calibration.critic.agreement import (
    agree,
    area_under_curve,
    fit_logistic,
    linear_correlation,
    rank_correlation,
)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_correlations_are_those_of_scipy():
    judged, scores = rng().integers(0, 6, (2, 50)).astype(float)  # with ties

    assert rank_correlation(judged, scores) == pytest.approx(spearmanr(judged, scores).statistic)
    assert linear_correlation(judged, scores) == pytest.approx(pearsonr(judged, scores).statistic)


def test_the_logistic_straightens_what_a_line_does_not():
    judged = np.linspace(-4, 4, 60)
    scores = 20 + 60 / (1 + np.exp(-judged * 2))

    found = agree(judged, scores, rng())

    assert found.srcc is not None and found.plcc is not None and found.plcc_fitted is not None
    assert found.srcc.value == pytest.approx(1)
    assert found.plcc.value < 0.97
    assert found.plcc_fitted.value == pytest.approx(1, abs=1e-6)


def test_the_logistic_fits_scores_that_fall():
    judged = np.linspace(0, 1, 40)
    scores = 5 - 4 / (1 + np.exp(-(judged - 0.5) * 10))

    fitted = fit_logistic(judged, scores)

    assert fitted is not None
    assert fitted(judged) == pytest.approx(scores, abs=1e-6)


def test_intervals_hold_the_true_correlation_about_as_often_as_they_say():
    draw, hits = rng(), 0
    for _ in range(40):
        one = draw.normal(size=120)
        other = 0.6 * one + 0.8 * draw.normal(size=120)
        found = agree(one, other, draw)
        assert found.plcc is not None and found.plcc.low is not None and found.plcc.high is not None
        hits += found.plcc.low <= 0.6 <= found.plcc.high

    assert 34 <= hits <= 40


@pytest.mark.parametrize(
    ("judged", "scores", "reason"),
    [
        ([1.0, 2, 3, 4], [1.0, 2, 3, 4], "4 pictures are too few"),
        ([3.0] * 6, [1.0, 2, 3, 4, 5, 6], "all 6 judgements are the same"),
        ([1.0, 2, 3, 4, 5, 6], [3.0] * 6, "all 6 human scores are the same"),
    ],
)
def test_what_cannot_be_told_says_why(judged: list[float], scores: list[float], reason: str):
    found = agree(np.array(judged), np.array(scores), rng())

    assert found.srcc is None and found.plcc is None
    assert found.reason.startswith(reason)


def test_the_same_judgements_give_the_same_intervals():
    judged, scores = rng().normal(size=(2, 30))

    assert agree(judged, scores, rng()) == agree(judged, scores, rng())


def test_the_area_under_the_curve_is_the_share_of_pairs_in_order():
    labels = np.array([True, True, False, False])

    assert area_under_curve(np.array([0.9, 0.4, 0.5, 0.1]), labels) == pytest.approx(0.75)
    assert area_under_curve(np.array([0.9]), np.array([True])) is None


def test_the_logistic_is_no_step_beside_one_picture():
    judged = np.array([1.0, 3, 3.1, 3.2, 3.3, 3.4, 3.5, 3.6])
    scores = np.array([0.0, 50, 40, 60, 45, 55, 42, 58])

    fitted = fit_logistic(judged, scores)

    assert fitted is not None
    assert fitted.width >= 0.15 * judged.std()
    assert np.abs(np.diff(fitted(np.linspace(1, 3.6, 27)))).max() < 16
