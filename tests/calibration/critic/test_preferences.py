import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, ndtr

from calibration.critic.agreement import rank_correlation
from calibration.critic.preferences import (
    Preference,
    most_probable_qualities,
    on_scale_of,
    place_bias,
    prefer,
)


@given(st.floats(-4, 4), st.floats(-3, 3))
def test_a_bias_towards_a_place_cancels(difference: float, bias: float):
    # P(second is better) of both orders, the bias moving the odds of the second place.
    one, other = float(expit(-difference + bias)), float(expit(difference + bias))

    found = prefer("a", "b", shown_first=one, shown_second=other)

    assert found.probability == pytest.approx(float(expit(difference)), abs=2e-4)


def test_a_bias_is_told():
    bias = place_bias([(0.9, 0.8), (0.95, 0.3)])

    assert bias is not None
    assert (bias.pairs, bias.agreeing) == (2, 0.5)
    assert bias.favours_second == pytest.approx(0.7375)
    assert place_bias([]) is None


def test_qualities_are_recovered_from_the_probabilities_of_thurstone_s_model():
    rng = np.random.default_rng(3)
    true = {f"p{number:02}": float(each) for number, each in enumerate(rng.normal(size=30))}
    anchors = sorted(true, key=true.__getitem__)[2::6]
    preferences = [
        Preference(one, other, float(ndtr(true[one] - true[other])))
        for one in true
        for other in anchors
        if one != other
    ]

    found = most_probable_qualities(preferences)

    names = sorted(set(true) - set(anchors))  # anchors are compared more often, and shrunk less
    ours, theirs = (np.array([each[name] for name in names]) for each in (found, true))
    assert rank_correlation(ours, theirs) == pytest.approx(1)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.98


def test_one_sure_answer_does_not_make_a_quality_endless():
    found = most_probable_qualities([Preference("a", "b", 1.0)])

    assert 0 < found["a"] < 1
    assert found["b"] == pytest.approx(-found["a"], abs=1e-4)


def test_qualities_are_put_on_the_scale_of_known_scores():
    scaled = on_scale_of({"a": -1.0, "b": 0.0, "c": 1.0, "d": 0.5}, {"a": 20.0, "b": 50.0, "c": 80.0})

    assert scaled is not None
    assert scaled["d"] == pytest.approx(65)


@pytest.mark.parametrize("known", [{}, {"a": 1.0}, {"a": 2.0, "b": 1.0}])
def test_anchors_that_are_not_ordered_as_their_scores_give_no_scale(known: dict[str, float]):
    assert on_scale_of({"a": -1.0, "b": 1.0}, known) is None
