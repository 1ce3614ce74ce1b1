import numpy as np
import pytest

from predictor.guarantees.conformal import calibrate
from predictor.guarantees.recalibrating import CONFIDENCE, Labelled, recalibrate

ALPHA = 0.01
BASE = calibrate({"lossless": np.linspace(0, 3, 1500), "other lossy": np.linspace(0, 3, 1500)})


def labels(count: int, score: float, *, is_attack: bool = False, stratum: str = "lossless") -> list[Labelled]:
    kind = "attack" if is_attack else "alarm"
    return [Labelled(f"{kind} {stratum} {n}", stratum, score + n / 1000, is_attack) for n in range(count)]


def test_what_was_a_false_alarm_often_is_none_any_more_and_other_strata_stay():
    after, (change,) = recalibrate(BASE, labels(40, 3.1), alpha=ALPHA)

    assert BASE.assured_p_value(3.1, "lossless", CONFIDENCE) <= ALPHA
    assert after.assured_p_value(3.1, "lossless", CONFIDENCE) > ALPHA
    assert after.scores["lossless"].size == 1500 and change.is_changed
    assert after.scores["other lossy"] is BASE.scores["other lossy"]
    assert change.threshold_after > change.threshold_before


@pytest.mark.parametrize("score", [-1.0, 2.0, 3.1])
def test_p_values_only_grow(score):
    after, _ = recalibrate(BASE, labels(800, score), alpha=ALPHA)

    for each in np.linspace(-2, 5, 200):
        assert after.p_value(each, "lossless") >= BASE.p_value(each, "lossless")


def test_too_few_false_alarms_change_nothing_and_it_is_said():
    after, (change,) = recalibrate(BASE, labels(9, 3.1), alpha=ALPHA)

    assert after.scores["lossless"] is BASE.scores["lossless"]
    assert change.reason == "too few false alarms: 9 of 10" and not change.is_changed


def test_attacks_join_nothing_and_those_that_are_missed_then_are_counted():
    strong = [Labelled(f"strong {number}", "lossless", 9.0, True) for number in range(3)]
    found = [*labels(60, 3.1), *labels(5, 3.05, is_attack=True), *strong]

    after, (change,) = recalibrate(BASE, found, alpha=ALPHA)

    assert not np.isin(np.float32(9.0), after.scores["lossless"])
    assert (change.attacks, change.attacks_found_before, change.attacks_found_after) == (8, 8, 3)
    assert 0 < change.still_flagged < 60


def test_a_picture_counts_once_and_not_at_all_where_people_disagree():
    same = [Labelled("one", "lossless", 3.1 + n / 100, False) for n in range(50)]
    disputed = [Labelled("two", "lossless", 3.2, False), Labelled("two", "lossless", 3.2, True)]

    _, (change,) = recalibrate(BASE, [*same, *disputed], alpha=ALPHA)

    assert (change.false_alarms, change.attacks) == (1, 0)


def test_a_kind_of_picture_that_was_never_calibrated_is_told():
    _, (change,) = recalibrate(BASE, labels(20, 3.1, stratum="unheard of"), alpha=ALPHA)

    assert "does not know" in change.reason


def test_the_threshold_is_where_p_values_pass_alpha():
    _, (change,) = recalibrate(BASE, labels(40, 3.1), alpha=ALPHA)

    threshold = change.threshold_before
    assert BASE.assured_p_value(threshold + 1e-3, "lossless", CONFIDENCE) <= ALPHA
    assert BASE.assured_p_value(threshold - 1e-2, "lossless", CONFIDENCE) > ALPHA


def test_a_rate_that_is_none_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        recalibrate(BASE, [], alpha=1.0)
