import numpy as np
import pytest

from calibration.fitting import Counts, fit_psychometric
from calibration.parameters import GuessPrior
from calibration.psychometric import PsychometricFunction


def counts_of(function: PsychometricFunction, levels: list[float], each: int, seed: int = 0) -> Counts:
    rng = np.random.default_rng(seed)
    at = np.array(levels)
    return Counts(
        at, rng.binomial(each, function.probability(at)).astype(float), np.full(len(at), float(each))
    )


@pytest.mark.parametrize("threshold", [1.5, 8.0, 20.0, 40.0])
def test_fit_recovers_the_threshold_it_was_given(threshold):
    function = PsychometricFunction(threshold, 3.0, 0.05, 0.02)
    levels = [0.0, *(threshold * np.array([0.4, 0.6, 0.8, 1.0, 1.2]))]

    fit = fit_psychometric(counts_of(function, levels, each=200), 50.0)

    assert fit.function.threshold == pytest.approx(threshold, rel=0.1)
    assert fit.interval[0] <= threshold <= fit.interval[1]
    assert fit.false_alarm == pytest.approx(0.05, abs=0.04)


def test_more_answers_narrow_the_interval():
    function = PsychometricFunction(20, 3, 0.02, 0.02)
    levels = [0.0, 12.0, 20.0, 28.0, 50.0]  # the last tells lapses from a shallow slope

    few, many = (fit_psychometric(counts_of(function, levels, each), 50.0).interval for each in (5, 500))

    assert np.log(many[1] / many[0]) < 0.3 * np.log(few[1] / few[0])


def test_without_answers_the_interval_spans_the_prior():
    low, high = fit_psychometric(Counts.of([]), 50.0).interval

    assert low < 2.5
    assert high > 60


def test_an_observer_that_never_notices_has_a_threshold_beyond_the_strongest_level():
    fit = fit_psychometric(Counts.of([(0.0, False)] * 5 + [(50.0, False)] * 20), 50.0)

    assert fit.function.threshold > 50
    assert fit.hit_at_max < 0.2


def test_an_observer_that_always_says_different_shows_as_false_alarms():
    fit = fit_psychometric(Counts.of([(0.0, True)] * 5 + [(10.0, True)] * 20), 50.0)

    assert fit.false_alarm_interval[0] > 0.15
    assert fit.false_alarm > 0.4


def test_scaling_all_levels_scales_the_threshold():
    answers = [(0.0, False), (4.0, False), (8.0, True), (6.0, False), (10.0, True), (50.0, True)]

    once = fit_psychometric(Counts.of(answers), 50.0)
    twice = fit_psychometric(Counts.of([(2 * level, said) for level, said in answers]), 100.0)

    assert twice.function.threshold == pytest.approx(2 * once.function.threshold, rel=1e-6)


def test_counts_gather_answers_by_level():
    counts = Counts.of([(5.0, True), (0.0, False), (5.0, False), (5.0, True)])

    assert counts.levels.tolist() == [0, 5]
    assert counts.different.tolist() == [0, 2]
    assert counts.total.tolist() == [1, 3]


def test_the_band_holds_the_fitted_curve():
    function = PsychometricFunction(20, 3, 0.02, 0.02)
    fit = fit_psychometric(counts_of(function, [0.0, 10.0, 20.0, 30.0], 30), 50.0)
    levels = np.array([5.0, 15.0, 20.0, 30.0])

    low, high = fit.band(levels)

    assert np.all(low <= fit.function.probability(levels))
    assert np.all(fit.function.probability(levels) <= high)


def stated(function: PsychometricFunction, levels: list[float]) -> Counts:
    return Counts.with_readings([(level, True, float(function.probability(level))) for level in levels])


LEVELS = [0.0, 0.0, 6.0, 10.0, 13.0, 16.0, 18.0, 20.0, 23.0, 26.0, 30.0, 50.0]


def test_stated_probabilities_tell_more_than_answers():
    function = PsychometricFunction(20, 3, 0.02, 0.02)
    rng = np.random.default_rng(1)
    answered = Counts.of([(level, bool(rng.random() < function.probability(level))) for level in LEVELS])

    by_answers, by_readings = (
        fit_psychometric(found, 50.0) for found in (answered, stated(function, LEVELS))
    )

    width = [np.log(fit.interval[1] / fit.interval[0]) for fit in (by_answers, by_readings)]
    assert by_readings.function.threshold == pytest.approx(20, rel=0.03)
    assert width[1] < width[0] / 3


def test_probabilities_of_nought_and_one_are_taken_for_answers():
    rng = np.random.default_rng(4)
    function = PsychometricFunction(15, 3, 0.05, 0.05)
    answers = [(float(level), bool(rng.random() < function.probability(level))) for level in LEVELS * 3]

    plain = fit_psychometric(Counts.of(answers), 50.0)
    saturated = fit_psychometric(
        Counts.with_readings([(level, said, float(said)) for level, said in answers]), 50.0
    )

    assert saturated.function.threshold == pytest.approx(plain.function.threshold, rel=0.1)
    assert np.log(saturated.interval[1] / saturated.interval[0]) == pytest.approx(
        np.log(plain.interval[1] / plain.interval[0]), rel=0.5
    )


def test_pictures_with_thresholds_of_their_own_widen_the_interval():
    function = PsychometricFunction(20, 3, 0.02, 0.02)
    rng = np.random.default_rng(2)
    scattered = Counts.with_readings(
        [(level, True, float(function.probability(level * np.exp(rng.normal(0, 0.3))))) for level in LEVELS]
    )

    exact, noisy = (fit_psychometric(found, 50.0).interval for found in (stated(function, LEVELS), scattered))

    assert np.log(noisy[1] / noisy[0]) > 2 * np.log(exact[1] / exact[0])
    assert noisy[0] <= 20 <= noisy[1]


def test_what_is_known_of_the_false_alarms_elsewhere_is_used():
    answers = [(0.0, False)] * 3 + [(5.0, True), (5.0, False), (20.0, True), (20.0, True)]

    alone = fit_psychometric(Counts.of(answers), 50.0)
    informed = fit_psychometric(Counts.of(answers), 50.0, GuessPrior(10.0, 20.0))

    assert informed.false_alarm > alone.false_alarm + 0.1
    assert informed.function.threshold > alone.function.threshold
