import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from calibration.comparison import as_record, as_table, compare, compare_profiles
from calibration.fitting import Counts, fit_psychometric
from calibration.procedures.adaptive import Adaptive
from calibration.procedures.protocol import Heard
from calibration.profile import JndProfile, ProfileError, Threshold
from calibration.psychometric import PsychometricFunction

KEYS = {"ratio", "low", "high", "p_value"}


def measured(threshold: float, spread: float = 1.3) -> Threshold:
    return Threshold("measured", threshold, None, threshold / spread, threshold * spread, 3.0, 0.02, 0.98, 25)


CENSORED = Threshold("censored", 50, None, 40.0, None, 3.0, 0.02, 0.1, 25, "not noticed")
BLUNT = Threshold("blunt", 48, None, 35.0, 80.0, 3.0, 0.02, 0.6, 25, "notices only about 60%")
BIASED = Threshold("unmeasurable", 5, None, 1.0, 9.0, 3.0, 0.6, 0.9, 25, "biased")


def profile(name: str = "m", **distortions: Threshold) -> JndProfile:
    details = {"procedure": "adaptive", "question": "difference", "catch_trials": 100}
    return JndProfile(name, "measured", distortions, stimulus_side=96, false_alarm=0.02, details=details)


def test_a_profile_does_not_differ_from_itself():
    found = compare_profiles(profile(blur=measured(8)), profile(blur=measured(8)))

    assert found.overall.ratio == found.distortions["blur"].ratio == 1
    assert found.distortions["blur"].p_adjusted == 1
    assert "no difference shown" in found.distortions["blur"].verdict
    assert found.false_alarm.difference == 0
    assert found.false_alarm.low < 0 < found.false_alarm.high
    assert not found.warnings


def test_a_finer_model_is_called_finer_and_by_how_much():
    found = compare_profiles(
        profile(blur=measured(20), noise=measured(5)), profile(blur=measured(8), noise=measured(5))
    )

    assert found.distortions["blur"].ratio == pytest.approx(0.4)
    assert "B notices blur at 0.4 × the level: finer, p < .001" in found.distortions["blur"].verdict
    assert "no difference" in found.distortions["noise"].verdict


def test_many_distortions_make_one_small_p_value_unremarkable():
    few = compare_profiles(profile(blur=measured(10)), profile(blur=measured(16, 1.4)))
    names = ("blur", "noise", "jpeg", "webp", "contrast", "mask")
    many = compare_profiles(
        profile(**dict.fromkeys(names, measured(10))),
        profile(**dict.fromkeys(names, measured(10)) | {"blur": measured(16, 1.4)}),
    )

    assert "coarser" in few.distortions["blur"].verdict
    assert many.distortions["blur"].p_value == few.distortions["blur"].p_value
    assert "no difference shown" in many.distortions["blur"].verdict


def test_a_distortion_never_noticed_gives_one_side_of_the_ratio():
    found = compare_profiles(profile(blur=measured(8)), profile(blur=CENSORED)).distortions["blur"]

    assert found.ratio is found.high is found.p_value is None
    assert found.low == pytest.approx(40 / (8 * 1.3), rel=1e-3)
    assert "B is coarser" in found.verdict


def test_a_distortion_never_noticed_by_a_gives_the_other_side():
    found = compare_profiles(profile(blur=CENSORED), profile(blur=measured(8))).distortions["blur"]

    assert found.high == pytest.approx(8 * 1.3 / 40, rel=1e-3)
    assert "B is finer" in found.verdict


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        (BIASED, measured(5), "A is unmeasurable (biased)"),
        (measured(5), BIASED, "B is unmeasurable (biased)"),
        (CENSORED, CENSORED, "neither noticed blur"),
        (CENSORED, BIASED, "B is unmeasurable"),
        (measured(38), CENSORED, "the intervals reach each other"),
    ],
)
def test_what_cannot_be_told_is_said_with_its_reason(a: Threshold, b: Threshold, reason: str):
    found = compare_profiles(profile(blur=a), profile(blur=b)).distortions["blur"]

    assert found.ratio is found.p_value is None
    assert found.verdict.startswith("cannot tell")
    assert reason in found.verdict


def test_a_blunt_side_says_at_least_so_much_and_never_claims_blindness():
    found = compare_profiles(profile(blur=measured(8)), profile(blur=BLUNT)).distortions["blur"]

    assert found.ratio is found.high is found.p_value is None
    assert found.low == pytest.approx(35 / (8 * 1.3), rel=1e-3)
    assert "B is coarser: B seldom noticed blur" in found.verdict


def test_two_blunt_sides_are_not_compared():
    found = compare_profiles(profile(blur=BLUNT), profile(blur=CENSORED)).distortions["blur"]

    assert "neither noticed blur more than seldom" in found.verdict


def test_a_rough_threshold_is_compared_like_a_measured_one():
    rough = replace(measured(20, 1.9), status="rough")

    found = compare_profiles(profile(blur=measured(8)), profile(blur=rough)).distortions["blur"]

    assert found.ratio == pytest.approx(2.5)
    assert found.p_value is not None


def routes(**levels: tuple[float, float]) -> tuple[JndProfile, JndProfile]:
    """One model calibrated with pictures of 96 and of 512 px."""
    small, large = ({name: measured(pair[at]) for name, pair in levels.items()} for at in (0, 1))
    return profile("m", **small), replace(profile("m", **large), stimulus_side=512)


def test_one_model_by_two_sizes_of_picture_is_not_called_coarser_for_its_pixels():
    found = compare_profiles(*routes(blur=(3, 14.4), noise=(5, 24), jpeg=(30, 60)))

    assert found.distortions["blur"].ratio == pytest.approx(14.4 / 3 * 96 / 512, rel=1e-3)
    assert "no difference shown in blur" in found.distortions["blur"].verdict
    for name in ("noise", "jpeg"):
        one = found.distortions[name]
        assert one.ratio is one.low is one.high is one.p_value is one.p_adjusted is None
        assert one.verdict.startswith("no verdict: pictures of 96 px and 512 px")
    assert found.overall.ratio == found.distortions["blur"].ratio


def test_what_is_the_same_damage_at_any_size_is_compared_as_it_is():
    found = compare_profiles(*routes(brightness=(8, 8), mask=(4, 12)))

    assert (found.distortions["brightness"].basis, found.distortions["brightness"].reason) == ("levels", "")
    assert "no difference shown" in found.distortions["brightness"].verdict
    assert "coarser" in found.distortions["mask"].verdict


def test_a_real_difference_survives_the_change_of_unit_with_its_test():
    found = compare_profiles(*routes(blur=(3, 48))).distortions["blur"]

    assert found.ratio == pytest.approx(3, rel=1e-3)
    assert found.low < 3 < found.high
    assert "3 × the share of the picture's side: coarser" in found.verdict
    assert "compared as shares" in found.reason


def test_a_size_nobody_knows_allows_no_change_of_unit():
    small, _ = routes(blur=(3, 14.4))
    as_they_are = replace(profile("m", blur=measured(14.4)), stimulus_side=None)

    found = compare_profiles(small, as_they_are)

    assert found.overall.ratio is None
    assert "96 px and their own size" in found.distortions["blur"].verdict


def test_replies_lost_unevenly_are_warned_of():
    uneven = replace(profile(blur=measured(8)), details={"excluded_unevenly": "replies were lost unevenly"})

    assert "replies of B were lost unevenly" in " ".join(
        compare_profiles(profile(blur=measured(8)), uneven).warnings
    )


def test_published_values_are_compared_but_not_tested():
    found = compare("gpt-4o", "gemini-2.0-flash")

    assert found.distortions["blur"].ratio == pytest.approx(1.27 / 1.25, rel=1e-3)
    assert found.overall.ratio is not None
    assert found.overall.p_value is None
    assert all(one.p_value is None for one in found.distortions.values())
    assert "not tested: A and B" in found.distortions["blur"].verdict
    assert sum("published prior" in warning for warning in found.warnings) == 2


def test_a_published_blindness_is_not_tested_either():
    found = compare("gpt-4o", "deepseek-vl2-tiny").distortions["blur"]

    assert found.ratio is found.p_value is None
    assert "not tested" in found.verdict


def test_what_was_measured_otherwise_is_warned_of():
    a = profile(blur=measured(8))
    b = replace(
        profile(blur=measured(8), noise=measured(3)),
        stimulus_side=512,
        details={"procedure": "ascending", "question": "task:prompts.txt"},
    )

    warnings = " ".join(compare_profiles(a, b).warnings)

    for word in ("96 px and 512 px", "procedure differs", "question differs", "noise"):
        assert word in warnings


def test_folders_files_and_names_are_found(tmp_path: Path):
    (tmp_path / "profile.json").write_text(profile("mine", blur=measured(8)).to_json())

    found = compare(str(tmp_path), str(tmp_path / "profile.json"))

    assert (found.a, found.b) == ("mine", "mine")


def test_what_is_no_profile_is_told(tmp_path: Path):
    (tmp_path / "profile.json").write_text("{}")

    with pytest.raises(ProfileError, match="schema version"):
        compare(str(tmp_path), "gpt-4o")
    with pytest.raises(ProfileError, match="cannot read"):
        compare("gpt-4o", str(tmp_path / "none.json"))
    with pytest.raises(LookupError, match="published table, got 'gpt-9'"):
        compare("gpt-4o", "gpt-9")
    with pytest.raises(ValueError, match="share none"):
        compare_profiles(profile(blur=measured(8)), profile(noise=measured(8)))


def test_the_record_is_one_line_of_json_with_numbers_or_null():
    a, b = profile("a", blur=measured(8), noise=BIASED), profile("b", blur=measured(9), noise=measured(3))

    record = json.loads(json.dumps(as_record(compare_profiles(a, b)), allow_nan=False))

    assert set(record) == {"a", "b", "overall", "distortions", "false_alarm", "warnings"}
    assert set(record["overall"]) == KEYS
    assert set(record["distortions"]["blur"]) == KEYS | {"p_adjusted", "verdict", "basis", "reason"}


def test_a_side_whose_interval_has_no_width_is_named_as_untested():
    agreeing = Threshold("measured", 18.0, None, 18.0, 18.0, None, None, None, 90)

    compared = compare_profiles(profile("a", blur=agreeing), profile("b", blur=measured(9)))

    assert "not tested: A comes without an interval" in compared.distortions["blur"].verdict


def test_the_table_says_what_the_record_says():
    output = io.StringIO()
    a, b = (
        profile("old", blur=measured(20), noise=CENSORED),
        profile("new", blur=measured(8), noise=measured(3)),
    )

    Console(file=output, width=160).print(as_table(compare_profiles(a, b)))

    for words in ("new", "old", "finer", "0.4", "geometric mean", "false alarms", "≤"):
        assert words in output.getvalue()


def session(threshold: float, seed: int) -> JndProfile:
    """Measure a simulated observer with 25 questions."""
    rng = np.random.default_rng(seed)
    function = PsychometricFunction(threshold, 3.0, 0.02, 0.02)
    procedure = Adaptive(50.0, 25, rng)
    answers = []
    for index in range(25):
        step = procedure.place(index)
        noticed = bool(rng.random() < function.probability(step.level))
        procedure.record(Heard(step, noticed))
        answers.append((step.level, noticed))
    fit = fit_psychometric(Counts.of(answers), 50.0)
    low, high = fit.interval
    return profile(blur=Threshold("measured", fit.function.threshold, None, low, high, 3.0, 0.02, 0.98, 25))


def share_told_apart(a: list[JndProfile], b: list[JndProfile]) -> float:
    p_values = [compare_profiles(*pair).overall.p_value for pair in zip(a, b, strict=True)]
    return float(np.mean([p < 0.05 for p in p_values]))


@pytest.mark.slow
def test_equal_observers_are_rarely_told_apart_and_unequal_ones_mostly():
    tens = [session(10.0, seed) for seed in range(200)]
    twenties = [session(20.0, seed) for seed in range(1000, 1100)]

    false_discoveries = share_told_apart(tens, tens[1:] + tens[:1])
    discoveries = share_told_apart(tens[:100], twenties)

    assert false_discoveries <= 0.07
    # .40 of 100 pairs: of one distortion alone, 25 answers leave intervals wide that hold whatever the slope
    # and the lapse rate; other distortions, which tell the slope, would narrow them.
    assert discoveries > 0.3
