from dataclasses import replace

import numpy as np
import pytest

from calibration.assessment import assess
from calibration.replies.exclusion import exclusion
from calibration.trials import Stimulus, Trial
from tests.calibration.report.staged_trials import staged_trial


def answered(
    index: int, level: float, *, noticed: bool, counts: bool = True, says: str | None = None
) -> Trial:
    word = "<yes>" if noticed else "<no>"
    return replace(
        staged_trial(index),
        id=str(index),
        index=index,
        stimulus=Stimulus("a.png", "blur", level, index),
        prompt="Are these two images different?",
        polarity="different",
        noticed=noticed if counts else None,
        reply=f"{word} softer" if says is None else says,
    )


def trials_of(lost_if, count: int = 120, says: str | None = None) -> list[Trial]:
    rng = np.random.default_rng(0)
    made = []
    for index in range(count):
        level = 0.0 if index % 5 == 0 else float(rng.integers(1, 12))
        noticed = level > 5
        made.append(answered(index, level, noticed=noticed, counts=not lost_if(noticed, rng), says=says))
    return made


def test_nothing_lost_is_even():
    found = exclusion(trials_of(lambda noticed, rng: False))  # noqa: ARG005

    assert (found.lost, found.is_uneven, found.describe()) == (0, False, "")


def test_half_of_either_answer_lost_is_even():
    found = exclusion(trials_of(lambda noticed, rng: rng.random() < 0.5))  # noqa: ARG005

    assert found.lost > 40
    assert not found.is_uneven


def test_a_loss_of_yes_alone_shows_in_the_flags_that_were_not_counted():
    found = exclusion(trials_of(lambda noticed, rng: noticed and rng.random() < 0.5))

    assert found.is_uneven
    assert (found.lost_same, found.lost_different) == (0, found.lost)
    assert "not the same share of both" in found.describe()


def test_a_loss_of_yes_without_a_flag_shows_in_the_levels_shown():
    found = exclusion(trials_of(lambda noticed, rng: noticed and rng.random() < 0.5, says="Hmm, hard."))

    assert found.p_by_flag == 1.0
    assert found.is_uneven
    assert "at some levels" in found.describe()


def test_a_few_lost_replies_move_nothing():
    found = exclusion(trials_of(lambda noticed, rng: noticed and rng.random() < 0.03))

    assert 0 < found.lost <= 6
    assert not found.is_uneven


@pytest.mark.parametrize("says", [None, "Hmm, hard."])
def test_a_threshold_that_lost_one_answer_is_not_called_measured(says: str | None):
    even = assess(trials_of(lambda noticed, rng: rng.random() < 0.3, says=says))["blur"].threshold  # noqa: ARG005
    uneven = assess(trials_of(lambda noticed, rng: noticed and rng.random() < 0.5, says=says))[
        "blur"
    ].threshold

    assert even.status == "measured"
    assert uneven.status != "measured"
    assert "replies were left out" in uneven.reason
