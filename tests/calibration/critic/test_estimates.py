import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.critic.estimates import (
    Masses,
    expected_value,
    good_over_poor,
    masses_of,
    masses_of_counts,
    smoothed_masses,
)
from calibration.critic.scales import LEVELS, SCALES

VALUES = SCALES["quality"].values


def logarithms(**masses: float) -> dict[str, float]:
    return {token: math.log(mass) for token, mass in masses.items()}


def test_the_score_is_the_mean_of_the_words_weighed_by_their_probabilities():
    masses = masses_of(logarithms(excellent=0.1, good=0.4, fair=0.2, poor=0.2, bad=0.1), LEVELS)

    estimate = expected_value(masses, VALUES)

    assert estimate.score == pytest.approx(0.5 + 1.6 + 0.6 + 0.4 + 0.1)
    assert estimate.low == pytest.approx(estimate.score) == estimate.high


def test_all_spellings_of_a_word_count_together_and_other_tokens_not_at_all():
    listed = {" good": 0.2, "Good": 0.2, "**good": 0.1, "ex": 0.25, "The": 0.25}

    masses = masses_of({token: math.log(mass) for token, mass in listed.items()}, LEVELS)

    assert masses.listed == pytest.approx({"good": 0.5, "excellent": 0.25})
    assert masses.bound == pytest.approx(0)  # nothing is left over


def test_a_word_not_listed_has_at_most_the_least_probability_listed():
    masses = masses_of(logarithms(good=0.6, fair=0.2, poor=0.01), LEVELS)

    estimate = expected_value(masses, VALUES)

    assert masses.bound == pytest.approx(0.01)
    assert estimate.high == pytest.approx((2.4 + 0.6 + 0.02 + 5 * 0.01) / 0.82)
    assert estimate.low == pytest.approx((2.4 + 0.6 + 0.02 + 1 * 0.01) / 0.82)
    assert estimate.low < estimate.score < estimate.high


def test_a_word_not_listed_has_at_most_what_the_list_leaves_over():
    masses = masses_of(logarithms(good=0.7, fair=0.298), LEVELS)

    assert masses.bound == pytest.approx(0.002)
    assert masses.share == pytest.approx(0.002 / 3)


@given(st.lists(st.floats(0.001, 1), min_size=5, max_size=5), st.integers(1, 5))
def test_the_score_of_all_words_lies_within_the_bounds_of_those_listed(raw: list[float], kept: int):
    whole = dict(zip(LEVELS, (each / sum(raw) for each in raw), strict=True))
    listed = dict(sorted(whole.items(), key=lambda item: -item[1])[:kept])

    told = expected_value(masses_of(logarithms(**listed), LEVELS), VALUES)
    true = expected_value(Masses(whole), VALUES).score

    assert told.low - 1e-9 <= true <= told.high + 1e-9
    assert told.low - 1e-9 <= told.score <= told.high + 1e-9


def test_good_over_poor_is_q_bench_s_softmax_of_logarithms_over_100():
    estimate = good_over_poor(masses_of(logarithms(good=0.8, poor=0.2), ("good", "poor")))

    good, poor = math.exp(math.log(0.8) / 100), math.exp(math.log(0.2) / 100)
    assert estimate.score == pytest.approx(good / (good + poor))
    assert estimate.low == estimate.score == estimate.high


def test_a_poor_that_is_not_listed_leaves_the_upper_end_open():
    estimate = good_over_poor(masses_of(logarithms(good=0.9, The=0.05), ("good", "poor")))

    assert 0.5 < estimate.low == pytest.approx(1 / (1 + (0.05 / 0.9) ** 0.01))
    assert estimate.high > estimate.score


def test_sampled_answers_count_as_their_shares():
    masses = masses_of_counts(["good", "good", "fair", "bad"])

    assert expected_value(masses, VALUES).score == pytest.approx(3)


def test_a_word_never_drawn_still_has_a_logarithm():
    masses = smoothed_masses(["good"] * 4, ("good", "poor"))

    assert masses.listed == pytest.approx({"good": 0.9, "poor": 0.1})


def test_no_word_with_a_probability_is_an_error():
    with pytest.raises(ValueError, match="expected a word with a probability"):
        expected_value(Masses({}), VALUES)
    with pytest.raises(ValueError, match="expected a word with a probability"):
        good_over_poor(Masses({}))
