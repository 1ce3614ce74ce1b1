import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.artifact import ArtifactError
from predictor.guarantees.margin import KeptRate, Margin, margins_from_card
from predictor.guarantees.risk_control import RiskLimit


def limit(knob: float | None) -> RiskLimit:
    return RiskLimit(knob, "expected", 0.05, None, 0.04, 100, {"photograph": 100}, "0" * 64)


def kept(rate: float, *knobs: float | None) -> KeptRate:
    return KeptRate(rate, tuple(map(limit, knobs)))


CAREFUL = Margin([kept(0.05, 0.08), kept(0.2, 0.3)])


@given(st.floats(0.0, 1.0))
def test_without_rates_chances_are_told_as_they_are_judged(judged: float):
    assert Margin().told(judged) == judged


@pytest.mark.parametrize(("judged", "rate"), [(0.08, 0.05), (0.3, 0.2)])
def test_a_version_at_a_limit_is_told_the_rate_that_it_keeps(judged: float, rate: float):
    assert CAREFUL.told(judged) == pytest.approx(rate)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_what_is_judged_worse_is_never_told_better(one: float, other: float):
    lower, higher = sorted((one, other))

    assert CAREFUL.told(lower) <= CAREFUL.told(higher)


def test_beyond_the_rates_known_care_is_that_at_the_nearest():
    def odds(probability: float) -> float:
        return probability / (1.0 - probability)

    assert odds(CAREFUL.told(0.01)) / odds(0.01) == pytest.approx(odds(0.05) / odds(0.08))
    assert odds(CAREFUL.told(0.9)) / odds(0.9) == pytest.approx(odds(0.2) / odds(0.3))
    assert (CAREFUL.told(0.0), CAREFUL.told(1.0)) == (0.0, 1.0)


def test_the_strictest_promise_binds():
    assert kept(0.05, 0.08, 0.06).judged == 0.06


def test_a_promise_that_no_limit_keeps_leaves_the_rate_out():
    assert kept(0.02, 0.08, None).judged is None
    assert Margin([kept(0.02, 0.08, None), kept(0.05, 0.08)]).told(0.08) == pytest.approx(0.05)


def test_a_margin_survives_the_card():
    card = {"margins": {"jpeg": [kept(0.05, 0.08).to_card(), kept(0.2, 0.3).to_card()]}}

    found = margins_from_card(json.loads(json.dumps(card)))

    assert set(found) == {"jpeg"}
    assert found["jpeg"].told(0.15) == CAREFUL.told(0.15)


def test_a_card_without_margins_has_none():
    assert margins_from_card({}) == {}


@pytest.mark.parametrize(
    "entry",
    [
        [kept(0.2, 0.3).to_card(), kept(0.05, 0.08).to_card()],  # rates fall
        [kept(0.05, 0.3).to_card(), kept(0.2, 0.3).to_card()],  # limits do not rise
        [kept(0.05, 1.5).to_card()],
        [{"rate": 0.05}],
        [{"rate": 0.05, "limits": [{"knob": 0.1}]}],
        "none",
    ],
)
def test_a_margin_that_makes_no_sense_is_refused(entry: object):
    with pytest.raises(ArtifactError, match="the margins of the part do not fit"):
        margins_from_card({"margins": {"jpeg": entry}})
