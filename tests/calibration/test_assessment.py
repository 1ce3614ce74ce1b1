import numpy as np
import pytest

from calibration.assessment import assess, build_profile, reply_class_shares
from calibration.observers.simulated import parse_simulated
from calibration.procedures import Adaptive
from calibration.profile import JndProfile
from calibration.psychometric import PsychometricFunction
from calibration.trials import Stimulus, Trial


def trials_of(function: PsychometricFunction, count: int = 60, distortion: str = "blur", seed: int = 0):
    rng = np.random.default_rng(seed)
    procedure = Adaptive(50.0, np.random.default_rng(seed))
    trials = []
    for index in range(count):
        level = procedure.next_level(index)
        noticed = bool(rng.random() < function.probability(level))
        procedure.record(level, noticed=noticed)
        trials.append(answered(index, level, noticed, distortion))
    return trials


def answered(index: int, level: float, noticed: bool | None, distortion: str = "blur") -> Trial:
    return Trial(
        id=f"{distortion}-{index}",
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


def test_too_many_false_alarms_are_unmeasurable_and_say_why():
    found = assess(trials_of(PsychometricFunction(20, 3, 0.6, 0.02)))["blur"].threshold

    assert found.status == "unmeasurable"
    assert "identical pairs" in found.reason


def test_missing_the_strongest_level_often_is_unmeasurable_and_says_why():
    found = assess(trials_of(PsychometricFunction(60, 3, 0.02, 0.02), count=150))["blur"].threshold

    assert found.status == "unmeasurable"
    assert "strongest level" in found.reason


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
