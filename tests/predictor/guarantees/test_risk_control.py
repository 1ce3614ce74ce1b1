import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from predictor.guarantees.risk_control import (
    LossTable,
    RiskLimit,
    control_expected,
    control_surely,
    p_value,
    worst_so_far,
)

KNOBS = np.linspace(0.0, 1.0, 101)


def drawn(rng: np.random.Generator, pictures: int = 200) -> LossTable:
    """Pictures whose answer changes from a knob of their own on; risk(knob) = knob ** 3."""
    changes_from = rng.uniform(size=(pictures, 1)) ** (1 / 3)
    return LossTable(KNOBS, (changes_from <= KNOBS).astype(np.float64))


def graded(rng: np.random.Generator, pictures: int = 200) -> LossTable:
    """Several models per picture: losses between 0 and 1, same expected risk."""
    changes_from = rng.uniform(size=(pictures, 5, 1)) ** (1 / 3)
    return LossTable(KNOBS, (changes_from <= KNOBS).mean(axis=1))


def risk(limit: RiskLimit) -> float:
    return 0.0 if limit.knob is None else limit.knob**3


@pytest.mark.parametrize("alpha", [0.02, 0.1])
def test_the_mean_risk_over_calibrations_is_at_most_what_was_promised(alpha: float):
    rng = np.random.default_rng(0)

    risks = [risk(control_expected(drawn(rng), alpha)) for _ in range(500)]

    assert np.mean(risks) <= alpha + 2 * np.std(risks) / np.sqrt(500)
    assert np.mean(risks) >= 0.6 * alpha  # and it is not careful beyond need


def test_the_average_promise_is_broken_by_many_single_calibrations():
    rng = np.random.default_rng(1)

    broken = [risk(control_expected(drawn(rng), 0.1)) > 0.1 for _ in range(500)]

    assert np.mean(broken) > 0.2  # why the other promise exists


@pytest.mark.parametrize("draw", [drawn, graded])
def test_the_sure_promise_is_broken_by_at_most_delta_of_calibrations(draw):
    rng = np.random.default_rng(2)

    limits = [control_surely(draw(rng), 0.1, 0.1) for _ in range(500)]

    assert np.mean([risk(limit) > 0.1 for limit in limits]) <= 0.1 + 2 * np.sqrt(0.1 * 0.9 / 500)
    assert np.mean([risk(limit) for limit in limits]) > 0.03


def test_binary_losses_use_the_exact_bound():
    losses = np.repeat([1.0, 0.0], [3, 97])

    upper = beta.ppf(0.95, 4, 97)  # Clopper-Pearson, one-sided

    assert p_value(losses, float(upper)) == pytest.approx(0.05, abs=1e-6)


def test_too_few_pictures_allow_nothing():
    table = LossTable(KNOBS, np.zeros((50, 101)))

    assert control_expected(table, 0.01).knob is None
    assert control_surely(table, 0.01).knob is None
    assert control_expected(LossTable(KNOBS, np.zeros((99, 101))), 0.01).knob == 1.0


@given(st.integers(1, 60), st.floats(0.01, 0.5), st.integers(0, 10_000))
def test_a_stricter_promise_never_allows_more(pictures: int, alpha: float, seed: int):
    table = drawn(np.random.default_rng(seed), pictures)

    assert risk(control_expected(table, alpha / 2)) <= risk(control_expected(table, alpha))
    assert risk(control_surely(table, alpha, 0.05)) <= risk(control_expected(table, alpha))


def test_an_answer_that_changes_back_counts_as_changed():
    losses = worst_so_far([[0, 1, 0], [0, 0, 1]])

    assert losses.tolist() == [[0, 1, 1], [0, 0, 1]]


def test_a_limit_records_its_calibration_and_comes_back_from_a_card():
    table = drawn(np.random.default_rng(3), 4)

    limit = control_expected(table, 0.5, strata=["photo", "photo", "scan", "photo"])

    assert limit.strata == {"photo": 3, "scan": 1}
    assert limit.pictures == 4
    assert RiskLimit.from_card(json.loads(json.dumps(limit.to_card()))) == limit
    assert control_expected(drawn(np.random.default_rng(4), 4), 0.5).sha256 != limit.sha256


@pytest.mark.parametrize("card", [{}, {"knob": 1.0}, {"unknown": 3}])
def test_a_foreign_card_is_refused(card: dict):
    with pytest.raises(ValueError, match="expected a risk limit"):
        RiskLimit.from_card(card)


@pytest.mark.parametrize(
    ("knobs", "losses", "message"),
    [
        ([0.0, 1.0], np.zeros((0, 2)), "at least one each"),
        ([0.0, 1.0], np.zeros((3, 1)), "shape"),
        ([1.0, 0.0], np.zeros((3, 2)), "rise"),
        ([0.0, np.nan], np.zeros((3, 2)), "finite"),
        ([0.0, 1.0], np.full((3, 2), np.nan), "between 0 and 1"),
        ([0.0, 1.0], np.full((3, 2), 2.0), "between 0 and 1"),
        ([0.0, 1.0], np.array([[1.0, 0.0]]), "never fall"),
    ],
)
def test_tables_that_cannot_be_calibrated_on_are_refused(knobs: list, losses: np.ndarray, message: str):
    with pytest.raises(ValueError, match=message):
        LossTable(np.array(knobs), losses)


@pytest.mark.parametrize(("alpha", "delta"), [(0.0, 0.1), (1.0, 0.1), (0.1, 0.0), (0.1, float("nan"))])
def test_promises_outside_their_range_are_refused(alpha: float, delta: float):
    table = drawn(np.random.default_rng(5))

    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        control_surely(table, alpha, delta)


def test_strata_that_do_not_fit_the_pictures_are_refused():
    with pytest.raises(ValueError, match="kind of each of 200 pictures"):
        control_expected(drawn(np.random.default_rng(6)), 0.1, strata=["photo"])


@pytest.mark.parametrize("alpha", [0.02, 0.05, 0.1])
def test_on_pictures_it_was_not_chosen_on_a_knob_keeps_its_promise_as_often_as_it_says(alpha: float):
    rng = np.random.default_rng(7)
    pictures = drawn(rng, 2000).losses
    realised: dict[str, list[float]] = {"expected": [], "surely": []}

    for _ in range(200):
        own, other = np.split(rng.permutation(len(pictures)), [400])  # what is counted has noise of its own
        table = LossTable(KNOBS, pictures[own])
        for name, limit in (
            ("expected", control_expected(table, alpha)),
            ("surely", control_surely(table, alpha, 0.1)),
        ):
            at = None if limit.knob is None else int(np.searchsorted(KNOBS, limit.knob))
            realised[name].append(0.0 if at is None else float(pictures[other, at].mean()))

    assert np.mean(realised["expected"]) <= alpha and np.mean(realised["surely"]) <= alpha
    assert np.mean(np.array(realised["surely"]) > alpha) <= 0.14
    assert np.mean(np.array(realised["expected"]) > alpha) > 0.14  # why the sure promise exists
