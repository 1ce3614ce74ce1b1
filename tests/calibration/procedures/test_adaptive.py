from collections import Counter

import numpy as np
import pytest

from calibration.fitting import Counts, fit_psychometric
from calibration.procedures.adaptive import Adaptive, TrialPlan, candidate_levels, placement
from calibration.procedures.protocol import Heard
from calibration.psychometric import PsychometricFunction
from tests.calibration.procedures.replay import replay


def run(function: PsychometricFunction, count: int, seed: int, strongest: float = 50.0) -> list[Heard]:
    rng = np.random.default_rng(seed)
    procedure = Adaptive(strongest, count, np.random.default_rng([seed, 1]))
    heard = []
    for index in range(count):
        step = procedure.place(index)
        heard.append(Heard(step, bool(rng.random() < function.probability(step.level))))
        procedure.record(heard[-1])
    return heard


def levels_of(heard: list[Heard]) -> list[float]:
    return [answer.step.level for answer in heard]


def counts_of(heard: list[Heard]) -> Counts:
    return Counts.of([(answer.step.level, answer.noticed) for answer in heard])


def wave_of(procedure: Adaptive, start: int, size: int) -> list[float]:
    return [procedure.place(index).level for index in range(start, start + size)]


@pytest.mark.parametrize("count", [25, 50, 100])
def test_one_trial_in_five_is_an_identical_pair(count):
    plan = TrialPlan(np.random.default_rng(7))

    kinds = Counter(plan.kind(index) for index in range(count))

    assert kinds["catch"] == count / 5
    assert kinds["check"] == count / 25


def test_the_plan_is_the_same_whatever_the_order_of_asking():
    forwards, backwards = (TrialPlan(np.random.default_rng(3)) for _ in range(2))

    backwards.kind(49)

    assert [forwards.kind(i) for i in range(50)] == [backwards.kind(i) for i in range(50)]


def test_a_sound_observer_is_not_asked_about_the_strongest_level():
    shown = [levels_of(run(PsychometricFunction(10, 3, 0.02, 0.02), 25, seed)) for seed in range(5)]

    assert not any(50.0 in levels for levels in shown)


@pytest.mark.parametrize(
    "function", [PsychometricFunction(45, 3, 0.02, 0.02), PsychometricFunction(500, 3, 0, 0)]
)
def test_where_noticing_is_in_doubt_the_strongest_level_is_shown(function):
    assert 50.0 in levels_of(run(function, 25, seed=2))


@pytest.mark.parametrize("threshold", [4.0, 20.0])
def test_levels_gather_around_the_threshold(threshold):
    heard = run(PsychometricFunction(threshold, 3, 0.02, 0.02), 60, seed=1)

    placed = [level for level in levels_of(heard)[25:] if 0 < level < 50]

    assert threshold / 1.7 < np.median(placed) < threshold * 1.7


@pytest.mark.parametrize("threshold", [3.0, 8.0, 20.0, 40.0])
def test_25_answers_locate_a_threshold(threshold):
    function = PsychometricFunction(threshold, 3, 0.02, 0.02)

    found = [
        fit_psychometric(counts_of(run(function, 25, seed)), 50.0).function.threshold for seed in range(12)
    ]

    assert np.median(found) == pytest.approx(threshold, rel=0.15)


def test_the_series_ends_with_its_last_query():
    procedure = Adaptive(50.0, 25, np.random.default_rng(0))

    assert procedure.place(25) is None


@pytest.mark.parametrize("wave", [1, 4])
def test_a_replayed_procedure_goes_on_as_if_never_stopped(wave):
    rng = np.random.default_rng(5)
    first, heard = Adaptive(50.0, 40, np.random.default_rng([5, 1])), []
    for start in range(0, 16, wave):
        steps = [first.place(index) for index in range(start, start + wave)]
        answers = [Heard(step, bool(rng.random() < 0.5)) for step in steps]
        for answer in answers:
            first.record(answer)
        heard += answers
    resumed = Adaptive(50.0, 40, np.random.default_rng([5, 1]))

    replay(resumed, heard, wave)

    assert wave_of(resumed, 16, 4) == wave_of(first, 16, 4)


def test_an_unreadable_answer_leaves_the_next_level_as_it_was():
    told, untold = (Adaptive(50.0, 25, np.random.default_rng(0)) for _ in range(2))
    for procedure in (told, untold):
        procedure.place(0)
    placed = next(i for i in range(1, 10) if TrialPlan(np.random.default_rng(0)).kind(i) == "placed")

    told.record(Heard(untold.place(1), None))

    assert told.place(placed).level == Adaptive(50.0, 25, np.random.default_rng(0)).place(placed).level


def test_a_wave_shows_different_levels():
    procedure = Adaptive(50.0, 25, np.random.default_rng(0))

    wave = [level for level in wave_of(procedure, 0, 4) if level > 0]

    assert len(set(wave)) == len(wave) >= 3


def test_outcomes_add_up_to_what_was_known():
    place = placement(50.0)
    posterior = place.prior(runs=1)

    split = place.outcomes(place.outcomes(posterior, 9), 20)

    assert split.shape[1] == 4
    np.testing.assert_allclose(split.sum(axis=1), posterior[:, 0], rtol=1e-4, atol=1e-9)


def test_stated_probabilities_settle_the_level_sooner():
    function = PsychometricFunction(12, 3, 0.02, 0.02)
    procedure = Adaptive(50.0, 25, np.random.default_rng(3))
    levels = []
    for index in range(10):
        step = procedure.place(index)
        stated = float(function.probability(step.level))
        procedure.record(Heard(step, stated > 0.5, stated))
        levels.append(step.level)

    assert 12 / 2 < np.median([level for level in levels[4:] if level > 0]) < 12 * 2


def test_many_runs_at_once_choose_as_one_run_would():
    single = Adaptive(50.0, 25, np.random.default_rng(0))
    many = placement(50.0)
    posterior = many.prior(runs=3)
    for index, noticed in enumerate([True, False, True]):
        step = single.place(index)
        single.record(Heard(step, noticed))
        posterior = many.update(posterior, np.full(3, many.index_of(step.level)), np.full(3, noticed))
    placed = next(i for i in range(3, 10) if TrialPlan(np.random.default_rng(0)).kind(i) == "placed")

    most_telling = many.expected_entropy(posterior).argmin(axis=1) + 1
    assert set(many.levels[most_telling]) == {single.place(placed).level}


@pytest.mark.parametrize("strongest", [50.0, 100.0])
def test_candidates_reach_from_far_below_a_level_to_the_strongest(strongest):
    levels = candidate_levels(strongest)

    assert levels[0] == strongest / 200
    assert levels[-1] == strongest
    assert np.all(np.diff(levels) > 0)


def test_a_probability_beside_an_answer_that_does_not_count_moves_nothing():
    silent, contradicting = (Adaptive(50.0, 25, np.random.default_rng(0)) for _ in range(2))
    for index in range(8):
        silent.record(Heard(silent.place(index), None))
        contradicting.record(Heard(contradicting.place(index), None, 0.9))

    assert wave_of(silent, 8, 3) == wave_of(contradicting, 8, 3)
