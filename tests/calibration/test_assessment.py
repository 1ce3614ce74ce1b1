from dataclasses import replace

import numpy as np
import pytest

from calibration.assessment import Method, assess, build_profile, reply_class_shares
from calibration.observers.simulated import parse_simulated
from calibration.procedures.adaptive import Adaptive
from calibration.procedures.ascending import Ascending
from calibration.procedures.protocol import Heard
from calibration.profile import JndProfile
from calibration.psychometric import PsychometricFunction
from calibration.trials import Stimulus, Trial


def trials_of(
    function: PsychometricFunction, count: int = 60, distortion: str = "blur", seed: int = 0
) -> list[Trial]:
    rng = np.random.default_rng(seed)
    procedure = Adaptive(50.0, count, np.random.default_rng(seed))
    trials = []
    for index in range(count):
        step = procedure.place(index)
        noticed = bool(rng.random() < function.probability(step.level))
        procedure.record(Heard(step, noticed))
        trials.append(answered(index, step.level, noticed, distortion))
    return trials


def sweeps_of(threshold: float, count: int, levels: int = 50, window: int = 3) -> list[Trial]:
    """Sweeps that say yes from a level near the threshold on, each of them sure of itself."""
    trials: list[Trial] = []
    for series in range(count):
        sweep, index = Ascending(levels, series, window), 0
        while (step := sweep.place(index)) is not None:
            noticed = step.level - step.reference_level >= threshold + series
            sweep.record(Heard(step, noticed))
            trial = answered(index, step.level, noticed)
            stimulus = replace(trial.stimulus, reference_level=step.reference_level)
            trials.append(replace(trial, series=series, stimulus=stimulus))
            index += 1
    return trials


def answered(index: int, level: float, noticed: bool | None, distortion: str = "blur") -> Trial:
    return Trial(
        id=f"{distortion}-{index}",
        series=0,
        index=index,
        stimulus=Stimulus("a.png", distortion, level, 0),
        polarity="different",
        order="reference_first",
        prompt="",
        noticed=noticed,
        probability=None,
        reply_class="gibberish" if noticed is None else "correct",
        reply="",
        is_first_token=False,
        seconds=0.0,
    )


def test_a_sound_observer_is_measured_in_levels_and_in_the_unit():
    found = assess(trials_of(PsychometricFunction(20, 3, 0.02, 0.02)))["blur"].threshold

    assert found.status == "measured"
    assert found.threshold == pytest.approx(20, rel=0.25)
    assert found.unit_value == pytest.approx(0.5 * found.threshold, rel=1e-3)
    assert found.low < found.threshold < found.high


@pytest.mark.parametrize(
    ("count", "words"), [(1, "only 1 question answered"), (5, "only 5 questions answered")]
)
def test_a_handful_of_answers_is_the_prior_and_no_measurement(count, words):
    found = assess(trials_of(PsychometricFunction(20, 3, 0.02, 0.02), count))["blur"].threshold

    assert found.status == "unmeasurable"
    assert found.reason == f"{words}; about 25 are needed"


def test_a_handful_of_misses_is_not_never_noticed():
    found = assess([answered(0, 0.0, False), *(answered(i, 50.0, False) for i in range(1, 6))])

    assert found["blur"].threshold.status == "unmeasurable"


def test_without_any_identical_pair_false_alarms_are_not_known():
    differing = [trial for trial in trials_of(PsychometricFunction(20, 3, 0.02, 0.02)) if not trial.is_catch]
    beside = trials_of(PsychometricFunction(20, 3, 0.02, 0.02), distortion="noise")

    alone, borrowed = (assess(trials)["blur"].threshold for trials in (differing, [*differing, *beside]))

    assert (alone.status, borrowed.status) == ("unmeasurable", "measured")
    assert "no identical pair" in alone.reason


def test_answers_that_leave_the_threshold_open_are_no_measurement():
    far_apart = [answered(i, level, level > 1) for i, level in enumerate([0.0] * 3 + [0.3, 50.0] * 6)]

    found = assess(far_apart)["blur"].threshold

    assert found.status == "unmeasurable"
    assert "open; more are needed" in found.reason


def test_few_stated_probabilities_may_do():
    function = PsychometricFunction(20, 3, 0.02, 0.02)
    stated = [
        replace(trial, probability=float(function.probability(trial.stimulus.level)))
        for trial in trials_of(function, 8)
    ]

    assert assess(stated)["blur"].threshold.status == "measured"


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (PsychometricFunction(20, 3, 0.6, 0.02), "identical pictures changed"),
        (PsychometricFunction(500, 3, 0.01, 0.01), "the answer did not change even at the strongest level"),
        (PsychometricFunction(60, 3, 0.02, 0.02), "the answer changed only"),
    ],
)
def test_the_reasons_of_a_task_speak_of_answers(function, words):
    asked = [replace(trial, reference_reply="a cat") for trial in trials_of(function, 150)]

    reason = assess(asked)["blur"].threshold.reason

    assert words in reason
    assert "notice" not in reason


def test_the_sweeps_of_a_task_speak_of_answers():
    asked = [replace(trial, reference_reply="a cat") for trial in sweeps_of(60, 3)]

    reason = assess(asked, ASCENDING)["blur"].threshold.reason

    assert reason == "3 of 3 sweeps found no changed answer up to level 50"


@pytest.mark.parametrize("seed", range(6))
def test_the_usual_number_of_questions_is_enough_for_a_shallow_observer(seed):
    found = assess(trials_of(PsychometricFunction(10, 1.5, 0.02, 0.02), 25, seed=seed))["blur"].threshold

    assert found.status == ("measured" if found.high <= 3 * found.low else "rough")
    assert found.high < 12 * found.low


def test_too_many_false_alarms_are_unmeasurable_and_say_why():
    found = assess(trials_of(PsychometricFunction(20, 3, 0.6, 0.02)))["blur"].threshold

    assert found.status == "unmeasurable"
    assert "identical pairs" in found.reason


def test_missing_the_strongest_level_often_is_blunt_and_keeps_its_numbers():
    found = assess(trials_of(PsychometricFunction(60, 3, 0.02, 0.02), count=150))["blur"].threshold

    assert found.status == "blunt"
    assert "notices only about" in found.reason
    assert found.low < found.threshold < found.high
    assert found.low < 60 < found.high


def test_a_change_never_noticed_is_censored_at_the_strongest_level():
    found = assess(trials_of(PsychometricFunction(500, 3, 0.01, 0.01)))["blur"].threshold

    assert (found.status, found.threshold, found.high) == ("censored", 50, None)
    assert found.low > 30


def test_an_observer_that_always_says_different_is_unmeasurable():
    found = assess([answered(i, 0.0 if i % 5 == 0 else 5.0, True) for i in range(25)])["blur"].threshold

    assert found.status == "unmeasurable"


def test_mostly_unreadable_replies_are_unmeasurable():
    found = assess([answered(i, float(i), None if i % 3 else True) for i in range(24)])["blur"].threshold

    assert found.status == "unmeasurable"
    assert "8 of 24 replies" in found.reason


def test_distortions_come_in_the_order_of_the_registry():
    function = PsychometricFunction(20, 3, 0.02, 0.02)

    assessments = assess([*trials_of(function, 10, "noise"), *trials_of(function, 10, "blur")])

    assert list(assessments) == ["blur", "noise"]


def test_the_profile_survives_its_file():
    assessments = assess(trials_of(PsychometricFunction(20, 3, 0.02, 0.02)))

    profile = build_profile(parse_simulated(""), assessments, {"seed": 3})

    assert JndProfile.from_json(profile.to_json()) == profile
    assert profile.source == "measured"
    assert profile.details["seed"] == 3
    assert profile.details["catch_trials"] == 12


def test_the_shares_of_reply_classes_sum_to_one():
    shares = reply_class_shares([answered(0, 1.0, True), answered(1, 1.0, None)])

    assert shares == {"correct": 0.5, "antilogy": 0.0, "gibberish": 0.5, "deficiency": 0.0}


ASCENDING = Method("ascending", window=3)


def test_sweeps_give_the_mean_first_jnd_and_say_what_they_do_not_know():
    assessment = assess(sweeps_of(8, 5), ASCENDING)["blur"]

    found = assessment.threshold
    assert found.status == "measured"
    assert found.threshold == 10  # of 8, 9, 10, 11, 12
    assert found.low < 10 < found.high
    assert (found.slope, found.false_alarm, found.hit_at_max, assessment.fit) == (None, None, None, None)
    assert "identical pair" in found.reason


def test_the_nth_jnds_of_every_sweep_are_kept():
    assessment = assess(sweeps_of(15, 2), ASCENDING)["blur"]

    assert assessment.ascent.jnds == ((15, 30, 45), (16, 32, 48))


def test_sweeps_that_find_nothing_are_censored_at_the_strongest_level():
    found = assess(sweeps_of(60, 3), ASCENDING)["blur"].threshold

    assert (found.status, found.threshold, found.high) == ("censored", 50, None)
    assert "3 of 3 sweeps" in found.reason


def test_sweeps_cut_short_before_anything_was_found_are_unmeasurable_and_claim_no_more_than_was_shown():
    cut = [trial for trial in sweeps_of(20, 3) if trial.index < 4]

    profile = build_profile(parse_simulated(""), assess(cut, ASCENDING), {})

    found = profile.distortions["blur"]
    assert (found.status, found.threshold) == ("unmeasurable", 4)
    assert "3 of 3 sweeps stopped at level 4 before anything was found" in found.reason
    assert profile.threshold_of("blur") is None


def test_a_mean_beyond_what_cut_sweeps_reached_is_not_claimed():
    cut = [trial for trial in sweeps_of(3, 12) if trial.index < 5]

    found = assess(cut, ASCENDING)["blur"].threshold

    assert found.status == "unmeasurable"
    assert found.threshold == 5


def test_a_mean_beyond_the_scale_says_how_many_sweeps_found_nothing():
    found = assess(sweeps_of(46, 10), ASCENDING)["blur"].threshold

    assert (found.status, found.threshold, found.high) == ("censored", 50, None)
    assert found.low <= 50
    assert found.reason == "5 of 10 sweeps found no JND up to level 50; the mean lies beyond"


def test_a_sweep_cut_short_counts_as_a_lower_limit():
    whole, cut = sweeps_of(8, 4), [trial for trial in sweeps_of(8, 4) if trial.series < 3 or trial.index < 5]

    assessment = assess(cut, ASCENDING)["blur"]

    assert assessment.ascent.n_censored == 1
    assert assessment.ascent.first.limit_mean == pytest.approx((8 + 9 + 10 + 5) / 4)
    assert assess(whole, ASCENDING)["blur"].ascent.n_censored == 0
    assert assessment.threshold.threshold > 8


def test_a_sweep_cut_inside_a_window_may_have_its_jnd_at_the_windows_start():
    cut = [trial for trial in sweeps_of(8, 3) if trial.series < 2 or trial.index < 11]

    assessment = assess(cut, ASCENDING)["blur"]

    assert cut[-1].stimulus.level == 11
    assert cut[-1].noticed
    assert assessment.ascent.n_censored == 1
    assert assessment.ascent.first.limit_mean == (8 + 9 + 10) / 3


def test_sweeps_of_another_window_are_refused():
    with pytest.raises(ValueError, match="expected the answer at level"):
        assess(sweeps_of(8, 2), Method("ascending", window=5))


def test_identical_pairs_of_other_distortions_steady_the_false_alarms():
    ready = PsychometricFunction(20, 3, 0.2, 0.02)
    names = ["blur", "noise", "contrast", "saturation", "mask", "qr"]
    runs = [trial for n, name in enumerate(names) for trial in trials_of(ready, 25, name, seed=n)]

    alone = [assess(trials_of(ready, 25, name, seed=n))[name].fit.false_alarm for n, name in enumerate(names)]
    together = [found.fit.false_alarm for found in assess(runs).values()]

    assert np.std(together) < 0.7 * np.std(alone)


def test_an_observer_that_notices_has_sensitivity():
    assessment = assess(trials_of(PsychometricFunction(20, 3, 0.02, 0.02)))["blur"]

    assert assessment.d_prime > 1.5


def test_stated_probabilities_are_used():
    function = PsychometricFunction(20, 3, 0.02, 0.02)
    plain = trials_of(function, 25)
    stated = [
        replace(trial, probability=float(function.probability(trial.stimulus.level))) for trial in plain
    ]

    before, after = (assess(trials)["blur"].threshold for trials in (plain, stated))

    assert after.high - after.low < 0.5 * (before.high - before.low)
