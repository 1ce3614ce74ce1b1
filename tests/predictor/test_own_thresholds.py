"""What trials leave open of a threshold, and what they do not."""

import math
from dataclasses import replace

import pytest

from calibration.profile import JndProfile, Status, Threshold, default_profile
from predictor.own_thresholds import (
    GUESS_DOUBT,
    OwnThreshold,
    estimate,
    left_open,
    own_threshold,
    strongest_level,
)

BLUR = Threshold("measured", 8.0, 4.0, 6.0, 11.0, 3.0, 0.02, 0.98, 25)


def profile(**changes: object) -> JndProfile:
    return JndProfile("m", "measured", {"blur": replace(BLUR, **changes)})


@pytest.mark.parametrize("status", ["measured", "rough"])
def test_what_was_measured_counts_as_it_is(status: Status):
    found = profile(status=status)

    assert estimate(found, "blur") == 8.0
    assert left_open(found, "blur") == (6.0, 11.0)
    assert own_threshold(found, "blur", guess=1.0) == OwnThreshold(8.0, 6.0, 11.0, status)


@pytest.mark.parametrize("status", ["censored", "blunt"])
def test_what_hardly_shows_at_the_strongest_level_lies_there_or_beyond(status: Status):
    found = profile(status=status, threshold=40.0, low=30.0, high=None)

    own = own_threshold(found, "blur", guess=1.0)

    assert estimate(found, "blur") == strongest_level("blur") == 50.0
    assert left_open(found, "blur") == (50.0, math.inf)
    assert (own.level, own.low, own.basis) == (50.0, 30.0, status)
    assert own.high > 2 * 50.0


def test_a_published_bound_is_no_trial_and_leaves_everything_open():
    found = replace(profile(status="censored", threshold=40.0), source="published-prior")

    assert estimate(found, "blur") == 40.0
    assert left_open(found, "blur") == (0.0, math.inf)


@pytest.mark.parametrize("found", [profile(status="unmeasurable"), JndProfile("m", "measured", {})])
def test_an_unknown_threshold_is_not_estimated(found: JndProfile):
    assert estimate(found, "blur") is None


def test_a_guess_has_the_doubt_of_guesses_where_no_trial_bounds_it():
    own = own_threshold(JndProfile("m", "measured", {}), "blur", guess=10.0)

    assert (own.level, own.basis) == (10.0, "unmeasurable")
    assert math.log(own.high / own.low) == pytest.approx(2 * GUESS_DOUBT)


def test_trials_bound_a_guess():
    own = own_threshold(profile(status="unmeasurable", low=5.0, high=20.0), "blur", guess=10.0)

    assert (own.level, own.low, own.high) == (10.0, 5.0, 20.0)


def test_what_answers_showed_to_be_off_moves_level_and_interval_alike():
    own = own_threshold(profile(), "blur", guess=1.0, factor=2.0)

    assert (own.level, own.low, own.high) == (16.0, 12.0, 22.0)


def test_an_assumed_level_states_no_doubt():
    own = own_threshold(default_profile(), "blur", guess=1.0)

    assert own.low == own.level == own.high
    assert own.doubt(0.0) == (0.0, 0.0)


def test_doubt_is_told_in_logarithms_of_what_is_done():
    assert OwnThreshold(8.0, 2.0, 38.0, "rough").doubt(2.0) == pytest.approx((math.log(2.5), math.log(4.0)))
