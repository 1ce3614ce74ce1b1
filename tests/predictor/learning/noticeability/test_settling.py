from dataclasses import replace

import numpy as np
import pytest

from calibration.profile import default_profile
from predictor.learning.noticeability.settling import (
    Answered,
    fit_interval,
    held_out_area,
    interval_of,
    predict,
    settle,
    surprise,
)
from predictor.noticeability.model import link_of
from predictor.noticeability.settings import Certainty, Interval

PROFILE = default_profile("made up")
ANYTHING = Interval((), (-9.0,), (9.0,))


def answered(log_sizes: list[float], probabilities: list[float]) -> Answered:
    count = len(log_sizes)
    photos = np.arange(count).astype(str)
    return Answered(
        np.array(log_sizes), np.array(probabilities), link_of(PROFILE), np.zeros((count, 2)), photos
    )


def simulated(log_sizes: np.ndarray, shares: np.ndarray, truth: Certainty, *, seed: int) -> Answered:
    """Answer yes or no, as often as the truth has it."""
    link = link_of(PROFILE)
    asked = Answered(log_sizes, np.zeros(len(log_sizes)), link, shares, np.arange(len(log_sizes)).astype(str))
    said = np.random.default_rng(seed).random(len(log_sizes)) < predict(asked, truth)
    return replace(asked, probabilities=said.astype(float))


def test_settling_recovers_slope_and_scale():
    sizes = np.random.default_rng(0).normal(0, 1, 4000)
    truth = Certainty(1.5, 0.3, ANYTHING)

    settled = settle([simulated(sizes, np.zeros((4000, 2)), truth, seed=1)], Certainty(1.0, 0.0, ANYTHING))

    assert settled.certainty.steepness_factor == pytest.approx(1.5, rel=0.15)
    assert settled.certainty.log_scale == pytest.approx(0.3, abs=0.1)


def test_settling_aims_at_the_chances_stated_and_not_at_what_is_likelier():
    sizes = np.random.default_rng(0).normal(0, 1, 2000)
    link, unsure = link_of(PROFILE), Certainty(0.5, 0.2, ANYTHING)
    asked = Answered(sizes, np.zeros(2000), link, np.zeros((2000, 2)), np.arange(2000).astype(str))

    stated = replace(asked, probabilities=predict(asked, unsure))
    settled = settle([stated], Certainty(1.0, 0.0, ANYTHING))

    assert settled.certainty.steepness_factor == pytest.approx(0.5, rel=0.02)
    assert settled.certainty.log_scale == pytest.approx(0.2, abs=0.02)


def test_few_answers_leave_everything_as_it_was():
    known = Certainty(1.3, 0.1, ANYTHING)
    few = Answered(np.zeros(10), np.ones(10), link_of(PROFILE), np.zeros((10, 2)), np.full(10, "one"))

    assert settle([few], known).certainty == known


def test_intervals_hold_for_fresh_answers():
    rng = np.random.default_rng(0)
    predicted = rng.uniform(0.02, 0.98, 6000)
    odds = np.log(predicted / (1 - predicted)) + rng.normal(0, 0.8, 6000)
    observed = 1 / (1 + np.exp(-odds))

    interval = fit_interval(predicted[:3000], observed[:3000])

    bounds = [interval.around(float(chance)) for chance in predicted[3000:]]
    inside = [low <= seen <= high for (low, high), seen in zip(bounds, observed[3000:], strict=True)]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)


def test_a_pair_of_one_jnd_is_noticed_half_way_between_floor_and_ceiling():
    link = link_of(PROFILE)

    found = predict(answered([0.0, -50.0, 50.0], [0, 0, 0]), Certainty(1.0, 0.0, ANYTHING))

    assert found == pytest.approx([(link.floor + link.ceiling) / 2, link.floor, link.ceiling])


def test_a_distortions_threshold_shifts_by_its_share_of_the_size():
    asked = replace(answered([0.3, 0.3], [0, 0]), family_shares=np.array([[1.0, 0.0], [0.0, 1.0]]))

    shifted = predict(asked, Certainty(1.0, 0.0, ANYTHING, threshold_shifts=(0.3, -0.2)))

    assert shifted == pytest.approx(predict(answered([0.0, 0.5], [0, 0]), Certainty(1.0, 0.0, ANYTHING)))


def test_surprise_is_the_mean_negative_log_likelihood():
    certainty = Certainty(1.0, 0.0, ANYTHING)
    asked = answered([0.0, 0.0], [1.0, 0.0])

    half = predict(asked, certainty)[0]

    assert surprise([asked], certainty) == pytest.approx(-(np.log(half) + np.log(1 - half)) / 2)
    assert surprise([], certainty) == 0.0


@pytest.mark.parametrize(
    ("sizes", "noticed", "area"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([1, 2, 3, 4], [0, 1, 0, 1], 0.75),
        ([1, 1, 1, 1], [0, 1, 0, 1], 0.5),
        ([1, 2], [1, 0], 0.0),
        ([1, 2], [1, 1], None),
    ],
)
def test_the_area_counts_pairs_sized_in_the_right_order(
    sizes: list[float], noticed: list[float], area: float | None
):
    assert held_out_area(answered(sizes, noticed)) == area


def test_yes_and_no_alone_tell_no_interval():
    known = Certainty(1.0, 0.0, ANYTHING)
    decided, stating = answered([0.0] * 50, [0.0, 1.0] * 25), answered([0.0] * 50, [0.4, 0.6] * 25)

    assert interval_of([decided], known) == ANYTHING
    assert interval_of([decided, stating], known) == interval_of([stating], known) != ANYTHING


def test_an_interval_always_holds_the_prediction_itself():
    interval = fit_interval(np.full(100, 0.5), np.full(100, 0.9))

    assert max(interval.below) == 0.0 < min(interval.above)
