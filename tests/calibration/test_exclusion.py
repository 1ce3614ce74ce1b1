from dataclasses import replace

import numpy as np
import pytest

from calibration.exclusion import uneven_exclusion
from calibration.psychometric import PsychometricFunction
from calibration.trials import Trial
from tests.calibration.report.staged_trials import adaptive_trials

SEEN = PsychometricFunction(10, 3, 0.02, 0.02)


def trials_of(count: int = 60) -> list[Trial]:
    return [trial for name in ("blur", "noise", "jpeg") for trial in adaptive_trials(name, SEEN, count)]


def lost(trials: list[Trial], share: dict[bool, float], seed: int = 0) -> list[Trial]:
    """Lose a share of the answers that said yes, and one of those that said no."""
    rng = np.random.default_rng(seed)
    return [replace(t, noticed=None) if rng.random() < share[says_yes(t)] else t for t in trials]


def says_yes(trial: Trial) -> bool:
    return bool(trial.noticed) == (trial.polarity == "different")


def said(trials: list[Trial]):
    """Remember what was said before it was lost."""
    known = {(trial.stimulus.distortion, trial.id): says_yes(trial) for trial in trials}
    return lambda trial: known[trial.stimulus.distortion, trial.id]


def test_nothing_lost_is_nothing_lost_unevenly():
    assert uneven_exclusion(trials_of(), says_yes) == ""
    assert uneven_exclusion([]) == ""


def test_replies_lost_by_chance_are_rarely_called_uneven():
    trials = trials_of()
    found = [
        uneven_exclusion(lost(trials, {True: 0.2, False: 0.2}, seed), said(trials)) for seed in range(60)
    ]

    assert np.mean([bool(one) for one in found]) <= 0.1


@pytest.mark.parametrize("word", [True, False])
def test_losing_one_word_alone_is_found_where_replies_can_still_be_read(word: bool):
    trials = trials_of()

    found = uneven_exclusion(lost(trials, {word: 0.3, not word: 0.0}), said(trials))

    assert found.startswith("replies were lost unevenly, ")
    assert "that said yes but" in found
    assert f"0 of {sum(says_yes(trial) is not word for trial in trials)} that said" in found


def test_losing_one_word_alone_shows_in_the_levels_too():
    trials = [replace(trial, polarity="different") for trial in trials_of(120)]

    assert "about weaker damage but" in uneven_exclusion(lost(trials, {True: 0.5, False: 0.0}))


def test_what_the_two_polarities_lose_at_opposite_ends_does_not_cancel():
    found = uneven_exclusion(lost(trials_of(200), {True: 0.6, False: 0.0}))

    assert "when asked" in found
