from collections import Counter

import numpy as np
import pytest

from calibration.fitting import Counts, fit_psychometric
from calibration.procedures import Adaptive, TrialPlan, build_procedure, candidate_levels, placement, replay
from calibration.psychometric import PsychometricFunction


def run(function: PsychometricFunction, count: int, seed: int, strongest: float = 50.0):
    rng = np.random.default_rng(seed)
    procedure = Adaptive(strongest, np.random.default_rng([seed, 1]))
    answers = []
    for index in range(count):
        level = procedure.next_level(index)
        noticed = bool(rng.random() < function.probability(level))
        procedure.record(level, noticed=noticed)
        answers.append((level, noticed))
    return answers


@pytest.mark.parametrize("count", [25, 50, 100])
def test_one_trial_in_five_is_an_identical_pair(count):
    plan = TrialPlan(np.random.default_rng(7))

    kinds = Counter(plan.kind(index) for index in range(count))

    assert kinds["catch"] == count / 5
    assert kinds["strongest"] == count / 25


def test_the_plan_is_the_same_whatever_the_order_of_asking():
    forwards, backwards = (TrialPlan(np.random.default_rng(3)) for _ in range(2))

    backwards.kind(49)

    assert [forwards.kind(i) for i in range(50)] == [backwards.kind(i) for i in range(50)]


def test_the_first_informative_trial_shows_the_strongest_level():
    procedure = Adaptive(50.0, np.random.default_rng(0))

    levels = [procedure.next_level(index) for index in range(2)]

    assert 50.0 in levels


@pytest.mark.parametrize("threshold", [4.0, 20.0])
def test_levels_gather_around_the_threshold(threshold):
    answers = run(PsychometricFunction(threshold, 3, 0.02, 0.02), 60, seed=1)

    placed = [level for level, _ in answers[25:] if 0 < level < 50]

    assert threshold / 1.7 < np.median(placed) < threshold * 1.7


@pytest.mark.parametrize("threshold", [3.0, 8.0, 20.0, 40.0])
def test_25_answers_locate_a_threshold(threshold):
    function = PsychometricFunction(threshold, 3, 0.02, 0.02)

    found = [
        fit_psychometric(Counts.of(run(function, 25, seed)), 50.0).function.threshold for seed in range(12)
    ]

    assert np.median(found) == pytest.approx(threshold, rel=0.15)


def test_a_replayed_procedure_goes_on_as_if_never_stopped():
    function = PsychometricFunction(20, 3, 0.02, 0.02)
    answers = run(function, 30, seed=5)
    fresh = Adaptive(50.0, np.random.default_rng([5, 1]))

    replay(fresh, answers[:17])

    assert [fresh.next_level(17)] == [answers[17][0]]


def test_an_unreadable_answer_leaves_the_next_level_as_it_was():
    procedure = Adaptive(50.0, np.random.default_rng(0))
    before = procedure.next_level(9)

    replay(procedure, [(20.0, None)])

    assert procedure.next_level(9) == before


def test_many_runs_at_once_choose_as_one_run_would():
    single = Adaptive(50.0, np.random.default_rng(0))
    many = placement(50.0)
    posterior = many.prior(runs=3)
    for level, noticed in [(50.0, True), (5.0, False), (20.0, True)]:
        single.record(level, noticed=noticed)
        at = np.full(3, many.index_of(level))
        posterior = many.update(posterior, at, np.full(3, noticed))
    placed = next(i for i in range(10) if TrialPlan(np.random.default_rng(0)).kind(i) == "placed")

    assert set(many.levels[many.most_telling(posterior)]) == {single.next_level(placed)}


@pytest.mark.parametrize("strongest", [50.0, 100.0])
def test_candidates_reach_from_far_below_a_level_to_the_strongest(strongest):
    levels = candidate_levels(strongest)

    assert levels[0] == strongest / 200
    assert levels[-1] == strongest
    assert np.all(np.diff(levels) > 0)


def test_an_unknown_procedure_is_refused():
    with pytest.raises(ValueError, match="adaptive"):
        build_procedure("staircase", 50.0, np.random.default_rng(0))
