from dataclasses import replace

import pytest

from calibration.assessment import Method, assess, build_profile
from calibration.observers.simulated import parse_simulated
from calibration.psychometric import PsychometricFunction
from calibration.report.bias import diagnose
from calibration.report.sweeps import Sweep
from calibration.report.words import bias_sentences, sentence_of, staircase_sentence, summarise
from calibration.trials import Trial
from tests.calibration.report.staged_trials import adaptive_trials, ascending_trials, staged_trial

OBSERVERS = {
    "blur": PsychometricFunction(8, 3, 0.02, 0.02),
    "noise": PsychometricFunction(25, 3, 0.02, 0.02),
    "contrast": PsychometricFunction(900, 3, 0.01, 0.01),
    "jpeg": PsychometricFunction(110, 3, 0.01, 0.01),
    "webp": PsychometricFunction(20, 3, 0.02, 0.02),
}
COUNTS = {"jpeg": 150, "webp": 6}


def trials_of(**changed: object) -> list[Trial]:
    return [
        trial
        for name, function in OBSERVERS.items()
        for trial in adaptive_trials(name, function, COUNTS.get(name, 40), **changed)
    ]


def summary_of(trials: list[Trial]) -> str:
    assessments = assess(trials)
    return " ".join(summarise(build_profile(parse_simulated(""), assessments, {}), assessments))


def test_the_summary_names_the_finest_the_bluntest_and_the_failures():
    summary = summary_of(trials_of())

    assert "most sensitive to blur (level" in summary
    assert "least to contrast, JPEG compression." in summary
    assert "Never noticed: contrast" in summary
    assert "Noticed too seldom even at the strongest level: JPEG compression (about" in summary
    assert "Could not be measured: WebP compression" in summary
    assert "64 px" in summary


def test_least_sensitive_is_what_takes_the_highest_level_where_everything_is_noticed():
    seen = [trial for name in ("blur", "noise") for trial in adaptive_trials(name, OBSERVERS[name])]

    assert "least to noise (level" in summary_of(seen)


def test_an_observer_that_notices_nothing_is_called_insensitive():
    summary = summary_of(adaptive_trials("contrast", OBSERVERS["contrast"]))

    assert "simulated is insensitive to contrast. " in summary
    assert "Never noticed: contrast." in summary


def test_what_was_left_out_is_counted():
    trials = adaptive_trials("blur", OBSERVERS["blur"])
    lost = [replace(trial, noticed=None) if trial.index < 4 else trial for trial in trials]

    assert "4 of 40 pairs got no reply that could be read as yes or no" in summary_of(lost)
    assert "left out" not in summary_of(trials)


def test_the_summary_of_sweeps_says_that_false_alarms_are_not_known():
    found = assess(ascending_trials("blur", OBSERVERS["blur"]), Method("ascending", 3))

    summary = " ".join(summarise(build_profile(parse_simulated(""), found, {}), found))

    assert "No identical pair was shown: false alarms are not known." in summary


def test_an_observer_that_cries_wolf_is_told_that_nothing_may_be_used():
    summary = summary_of(adaptive_trials("blur", PsychometricFunction(8, 3, 0.7, 0.02), 60))

    assert "more than the 25% allowed: no threshold of this run may be used" in summary


def test_the_summary_of_a_task_speaks_of_answers():
    summary = summary_of(trials_of(reference_reply="a cat"))

    assert "answers of simulated are most sensitive to blur" in summary
    assert "Never changed an answer: contrast" in summary
    assert "The answer changes too seldom even at the strongest level: JPEG compression (about" in summary
    assert "Asked twice about the same picture, 0 of" in summary
    assert "notice" not in summary


def test_false_alarms_come_with_their_interval():
    summary = summary_of(adaptive_trials("blur", OBSERVERS["blur"]))

    assert "0 of 8 identical pairs were called different (0.0%, 95 % interval 0.0% to 32.4%)" in summary


def test_a_threshold_is_told_in_levels_and_in_its_unit():
    (blur,) = assess(adaptive_trials("blur", OBSERVERS["blur"])).values()
    (contrast,) = assess(adaptive_trials("contrast", OBSERVERS["contrast"])).values()

    assert "of 50, that is" in sentence_of(blur)
    assert "sigma, px" in sentence_of(blur)
    assert sentence_of(contrast).startswith("Not noticed even at the strongest level")


def test_what_identical_pairs_would_tell_is_missed_where_none_was_shown():
    assessments = assess(ascending_trials("blur", OBSERVERS["blur"]))

    sentence, _ = bias_sentences(diagnose(assessments), assessments["blur"].trials)

    assert sentence.startswith("No identical pair was shown, so a readiness")


@pytest.mark.parametrize(
    ("reference_reply", "words"),
    [
        (None, "10 identical pairs were shown, none was answered readably, so"),
        ("", "10 pictures were asked about twice, no two answers could be compared, so"),
    ],
)
def test_identical_pairs_without_a_readable_answer_were_shown_all_the_same(reference_reply, words: str):
    lost = [
        staged_trial(index, level=0.0, noticed=None, reference_reply=reference_reply) for index in range(10)
    ]

    sentences = bias_sentences(diagnose(assess(lost)), lost)

    assert sentences[0].startswith(words)
    assert sentences[1] == "No pair far above a threshold was answered readably, so hits are not known."


def test_a_habit_is_told_apart_from_chance():
    clear = [staged_trial(100 + index, level=40.0) for index in range(6)]
    fair = assess(adaptive_trials("blur", OBSERVERS["blur"], 100) + clear)

    sentences = " ".join(bias_sentences(diagnose(fair), fair["blur"].trials))

    assert "The order of the two pictures shows no effect" in sentences
    assert "d′ =" in sentences


@pytest.mark.parametrize(
    ("sweeps", "words"),
    [
        ([Sweep("a.png", (), 50)], "1 reference: 0.0 JNDs on average; 100%"),
        ([Sweep("a.png", (10, 20), 50), Sweep("b.png", (14,), 50)], "2 references: first at level 12"),
    ],
)
def test_a_staircase_is_told_by_its_first_jnd_and_its_benefit_zones(sweeps: list[Sweep], words: str):
    assert words in staircase_sentence(sweeps)
