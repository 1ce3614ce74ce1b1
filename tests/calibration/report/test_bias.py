from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from calibration.assessment import assess
from calibration.psychometric import PsychometricFunction
from calibration.report.bias import diagnose
from calibration.trials import Trial
from tests.calibration.report.staged_trials import adaptive_trials, ascending_trials, staged_trial

ORDERS, POLARITIES = ("reference_first", "distorted_first"), ("different", "identical")


def test_a_fair_observer_shows_no_habit():
    function = PsychometricFunction(8, 3, 0.02, 0.02)
    clear = [
        staged_trial(200 + index, level=20.0, order=order, polarity=polarity)
        for index, (order, polarity) in enumerate(5 * list(product(ORDERS, POLARITIES)))
    ]
    trials = adaptive_trials("blur", function, 200) + clear

    found = diagnose(assess(trials))

    assert [habit.kind for habit in found.habits] == ["order", "polarity"]
    assert not any(habit.is_shown for habit in found.habits)
    assert found.false_alarms.total == 40
    assert found.false_alarms.low <= 0.02 <= found.false_alarms.high
    assert found.d_prime > 3
    assert abs(found.criterion) < 0.5


def test_habits_are_rarely_seen_where_there_are_none():
    rng = np.random.default_rng(0)
    shown = []
    for _ in range(40):
        trials = [coin(rng, index, 0.5, 0.5) for index in range(60)]
        shown += [habit.is_shown for habit in diagnose(assess(trials)).habits]

    assert np.mean(shown) <= 0.07


def test_a_lean_to_the_first_picture_is_seen():
    rng = np.random.default_rng(0)
    trials = [coin(rng, index, 0.8, 0.2) for index in range(100)]

    order, polarity = diagnose(assess(trials)).habits

    assert order.is_shown
    assert order.first.share > order.second.share
    assert not polarity.is_shown


def test_a_lean_to_the_word_yes_is_seen():
    trials = [
        staged_trial(
            index, level=0.0 if index < 20 else 20.0, polarity=polarity, noticed=polarity == "different"
        )
        for index in range(100)
        for polarity in [("different", "identical")[index % 2]]
    ]

    found = {habit.kind: habit for habit in diagnose(assess(trials)).habits}

    assert found["polarity"].is_shown
    assert found["polarity"].first.share == 1


def test_answers_to_a_second_prompt_tell_nothing_of_the_word_yes():
    trials = [
        staged_trial(
            index,
            level=20.0,
            polarity=("different", "identical")[index % 2],
            noticed=index % 2 == 0,
            second_reply="A" if index % 2 else None,
        )
        for index in range(40)
    ]

    kinds = [habit.kind for habit in diagnose(assess(trials)).habits]

    assert "polarity" not in kinds


def test_one_who_always_says_different_has_no_acuity_and_leans_to_it():
    found = diagnose(assess([staged_trial(n, level=50.0 * (n % 2), noticed=True) for n in range(40)]))

    assert found.d_prime == pytest.approx(0, abs=0.1)
    assert found.criterion < -1


def test_one_who_says_different_only_when_sure_leans_away_from_it():
    trials = [staged_trial(n, level=50.0 * (n % 2), noticed=n % 4 == 1) for n in range(80)]

    found = diagnose(assess(trials))

    assert found.hits.share == 0.5
    assert found.d_prime > 1
    assert found.criterion > 0.5


def test_missing_what_is_never_noticed_at_all_is_no_habit():
    seen = adaptive_trials("blur", PsychometricFunction(8, 3, 0.02, 0.02))
    unseen = adaptive_trials("noise", PsychometricFunction(900, 3, 0.02, 0.02))

    assert diagnose(assess(seen + unseen)).hits == diagnose(assess(seen)).hits


def test_what_counts_as_a_clear_pair_is_said():
    seen = adaptive_trials("blur", PsychometricFunction(8, 3, 0.02, 0.02), 150)
    blunt = adaptive_trials("noise", PsychometricFunction(60, 3, 0.02, 0.02), 150)

    labels = [diagnose(assess(trials)).hits.label for trials in (seen, seen + blunt, blunt)]

    assert labels == ["1.5 JND or more", "1.5 JND, or near the strongest", "near the strongest"]


def test_replies_without_yes_or_no_are_left_out():
    trials = adaptive_trials("blur", PsychometricFunction(8, 3, 0.02, 0.02))
    lost = [staged_trial(100 + index, level=0.0, noticed=None) for index in range(10)]

    found, without = diagnose(assess(trials + lost)), diagnose(assess(trials))

    assert replace(found, catches_shown=without.catches_shown) == without
    assert found.catches_shown == without.catches_shown + 10


def test_what_a_run_did_not_vary_is_not_tested():
    found = diagnose(assess(ascending_trials("blur", PsychometricFunction(8, 3, 0.02, 0.02))))

    assert found.false_alarms is found.d_prime is found.criterion is None
    assert not found.habits


def coin(rng: np.random.Generator, index: int, if_reference_first: float, if_not: float) -> Trial:
    order = str(rng.choice(["reference_first", "distorted_first"]))
    chance = if_reference_first if order == "reference_first" else if_not
    polarity = str(rng.choice(["different", "identical"]))
    return staged_trial(
        index, level=20.0, order=order, polarity=polarity, noticed=bool(rng.random() < chance)
    )


def test_a_handful_of_pairs_gives_no_d_prime():
    trials = [staged_trial(n, level=50.0 * (n % 2), noticed=n % 2 == 1) for n in range(8)]

    found = diagnose(assess(trials))

    assert found.hits.total == 4
    assert found.d_prime is None
