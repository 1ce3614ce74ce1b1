"""The verdicts that `test_assessment` does not meet on its way: what speaks against an estimate."""

from dataclasses import replace

import pytest

from calibration.assessment import assess
from calibration.profile import Threshold
from calibration.psychometric import PsychometricFunction
from calibration.trials import Trial
from tests.calibration.report.staged_trials import adaptive_trials, staged_trial

NAMES = ("blur", "brightness", "saturation", "contrast", "noise", "mask", "qr", "text")


def run_of(function: PsychometricFunction, count: int = 25) -> list[Trial]:
    return [trial for name in NAMES for trial in adaptive_trials(name, function, count)]


def with_alarms(trials: list[Trial], said: int) -> list[Trial]:
    """Let so many identical pairs, the first ones, be called different, and no other."""
    catches = [trial for trial in trials if trial.is_catch][:said]
    return [replace(trial, noticed=trial in catches) if trial.is_catch else trial for trial in trials]


def thresholds(trials: list[Trial]) -> dict[str, Threshold]:
    return {name: found.threshold for name, found in assess(trials).items()}


def test_an_observer_that_cries_wolf_is_refused_for_all_distortions_alike():
    found = thresholds(with_alarms(run_of(PsychometricFunction(15, 3, 0.02, 0.02)), 16))

    assert {one.status for one in found.values()} == {"unmeasurable"}
    assert len({one.reason for one in found.values()}) == 1
    assert 'biased: says "different" to about 36.4% of identical pairs (16 of 40' in found["text"].reason


def test_alarms_close_to_what_is_allowed_leave_nothing_measured():
    found = thresholds(with_alarms(run_of(PsychometricFunction(15, 4, 0.02, 0.02), 40), 13))

    assert "measured" not in {one.status for one in found.values()}
    assert "13 of 64, at most 25% allowed, too close or too few to be sure" in found["text"].reason


def test_one_distortion_with_alarms_of_its_own_does_not_decide_for_the_others():
    trials = run_of(PsychometricFunction(15, 4, 0.0, 0.02), 40)
    text = [replace(t, noticed=True) if t.is_catch and t.stimulus.distortion == "text" else t for t in trials]

    found = thresholds(text)

    assert {one.status for name, one in found.items() if name != "text"} == {"measured"}
    assert found["text"].status != "measured"
    assert 'says "different" to 8 of 8 identical pairs here, to 0 of 56 elsewhere' in found["text"].reason


def test_a_distortion_always_called_different_is_not_never_noticed():
    trials = run_of(PsychometricFunction(15, 4, 0.0, 0.02), 40)
    text = [replace(t, noticed=True) if t.stimulus.distortion == "text" else t for t in trials]

    assert thresholds(text)["text"].status == "unmeasurable"


def test_stated_probabilities_count_as_readiness_although_no_pair_was_called_different():
    ready = PsychometricFunction(15, 3, 0.45, 0.02)
    trials = [
        replace(trial, noticed=chance > 0.5, probability=chance)
        for trial in run_of(ready)
        for chance in [float(ready.probability(trial.stimulus.level))]
    ]

    found = thresholds(trials)["blur"]

    assert found.status == "unmeasurable"
    assert "by the probabilities stated of 40" in found.reason


def test_measured_means_inside_the_scale_and_within_a_factor_of_three():
    for seed_of_levels in range(5, 46, 5):
        found = thresholds(adaptive_trials("blur", PsychometricFunction(seed_of_levels, 2, 0.02, 0.02), 25))[
            "blur"
        ]
        is_narrow = found.high <= 50 and found.high <= 3 * found.low

        assert found.status in ("measured", "rough", "blunt")
        assert found.status != "measured" or is_narrow
        assert found.status != "rough" or not is_narrow
        assert all(isinstance(value, float) for value in (found.threshold, found.low, found.high))


def test_without_a_readable_answer_there_is_no_estimate_of_anything():
    lost = [staged_trial(n, level=10.0 * (n % 5), noticed=None, questions=2) for n in range(25)]

    (found,) = assess(lost).values()

    assert found.fit is None
    assert found.threshold == Threshold(
        "unmeasurable",
        *[None] * 7,
        n_queries=50,
        reason="none of 25 replies could be read as yes or no",
    )


def test_a_few_answers_are_numbers_without_a_curve():
    (found,) = assess(adaptive_trials("blur", PsychometricFunction(10, 3, 0.02, 0.02), 6)).values()

    assert found.fit is None
    assert found.threshold.status == "unmeasurable"
    assert found.threshold.low < found.threshold.threshold < found.threshold.high


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: None, "no identical pair was shown: false alarms"),
        (lambda t: replace(t, noticed=None), "8 identical pairs were shown and none was answered readably"),
    ],
)
def test_identical_pairs_not_shown_and_not_answered_are_two_reasons(change, words: str):
    trials = adaptive_trials("blur", PsychometricFunction(10, 3, 0.02, 0.02))
    changed = [change(trial) if trial.is_catch else trial for trial in trials]

    (found,) = assess([trial for trial in changed if trial is not None]).values()

    assert found.threshold.status == "unmeasurable"
    assert words in found.threshold.reason
    assert found.threshold.false_alarm is None
