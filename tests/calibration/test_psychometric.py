import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.psychometric import PsychometricFunction, criterion, d_prime

FUNCTIONS = st.builds(
    PsychometricFunction,
    threshold=st.floats(0.5, 80),
    slope=st.floats(0.7, 8),
    guess_rate=st.floats(0, 0.4),
    lapse_rate=st.floats(0, 0.3),
)


@given(FUNCTIONS)
def test_more_level_is_never_noticed_less(function):
    levels = np.linspace(0, 100, 300)

    assert np.all(np.diff(function.probability(levels)) >= -1e-12)


@given(FUNCTIONS)
def test_an_identical_pair_is_called_different_at_the_guess_rate(function):
    assert function.probability(0.0) == pytest.approx(function.guess_rate)


@given(FUNCTIONS)
def test_at_the_threshold_63_percent_of_the_way_is_climbed(function):
    span = 1 - function.guess_rate - function.lapse_rate

    assert function.probability(function.threshold) == pytest.approx(
        function.guess_rate + span * (1 - np.exp(-1))
    )


@given(FUNCTIONS, st.floats(0.05, 0.95))
def test_level_at_inverts_probability(function, share):
    p = function.guess_rate + share * (1 - function.guess_rate - function.lapse_rate)

    assert function.probability(function.level_at(p)) == pytest.approx(p)


@pytest.mark.parametrize("p", [0.0, 0.1, 0.95, 1.0])
def test_level_at_refuses_what_lies_outside_the_asymptotes(p):
    function = PsychometricFunction(20, 3, 0.1, 0.05)

    with pytest.raises(ValueError, match="between"):
        function.level_at(p)


@pytest.mark.parametrize("values", [(0, 3, 0, 0), (20, -1, 0, 0), (20, 3, 0.7, 0.4), (20, 3, -0.1, 0)])
def test_impossible_parameters_are_refused(values):
    with pytest.raises(ValueError, match="must"):
        PsychometricFunction(*values)


COUNTS = st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50)).map(
    lambda n: {"hits": n[0], "signals": n[0] + n[1], "false_alarms": n[2], "catches": n[2] + n[3]}
)


@given(COUNTS)
def test_sensitivity_and_criterion_are_finite_whatever_was_answered(counts):
    assert np.isfinite([d_prime(**counts), criterion(**counts)]).all()


@given(st.integers(0, 40), st.integers(1, 40))
def test_answering_both_kinds_alike_shows_no_sensitivity(count, more):
    same = {"hits": count, "signals": count + more, "false_alarms": count, "catches": count + more}

    assert d_prime(**same) == pytest.approx(0)


def test_sensitivity_is_the_distance_between_normal_scores():
    counts = {"hits": 841, "signals": 1000, "false_alarms": 159, "catches": 1000}

    assert d_prime(**counts) == pytest.approx(2, abs=0.01)
    assert criterion(**counts) == pytest.approx(0, abs=0.01)


def test_readiness_to_say_different_is_a_negative_criterion():
    ready = {"hits": 10, "signals": 10, "false_alarms": 8, "catches": 10}

    assert criterion(**ready) < -0.5


def test_more_answers_than_pairs_are_refused():
    with pytest.raises(ValueError, match="between 0 and 3"):
        d_prime(hits=4, signals=3, false_alarms=0, catches=1)
