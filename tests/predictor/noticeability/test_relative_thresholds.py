import math
from dataclasses import replace

import pytest

from calibration.profile import JndProfile, default_profile
from predictor.noticeability.relative_thresholds import relative_thresholds, usual_pattern

FAMILIES = ("blur", "noise", "jpeg", "contrast", "mask", "qr")
HUMAN = (1.0, 2.0, 40.0, 3.0, 1.0, 1.5)


def measured(multiples: dict[str, float], *, slope: float = 3.0) -> JndProfile:
    """Make a profile whose thresholds are these multiples of the human ones."""
    base = default_profile("made up")
    found = {
        name: replace(
            base.distortions[name], status="measured", threshold=HUMAN[FAMILIES.index(name)] * multiple
        )
        for name, multiple in multiples.items()
    }
    found = {name: replace(one, slope=slope) for name, one in found.items()}
    return replace(base, source="measured", distortions=found)


def alike(multiple: float) -> dict[str, float]:
    return dict.fromkeys(FAMILIES, multiple)


USUAL = usual_pattern([measured(alike(2.0))], FAMILIES, HUMAN)


def test_a_model_twice_as_blind_everywhere_lies_ln_2_higher():
    found = relative_thresholds(measured(alike(2.0)), FAMILIES, HUMAN, USUAL)

    assert found == pytest.approx([math.log(2)] * len(FAMILIES))


def test_one_wild_threshold_is_believed_in_part_only_and_hardly_moves_the_others():
    wild = measured(alike(2.0) | {"jpeg": 0.02})

    found = dict(zip(FAMILIES, relative_thresholds(wild, FAMILIES, HUMAN, USUAL), strict=True))

    assert found["blur"] - 1.2 < found["jpeg"] < found["blur"]
    assert found["blur"] == pytest.approx(math.log(2), abs=0.15)


def test_what_a_measured_profile_lacks_follows_its_level_and_the_usual_pattern():
    odd = usual_pattern([measured(alike(2.0) | {"jpeg": 4.0})], FAMILIES, HUMAN)
    lacking = measured({name: 3.0 for name in FAMILIES if name != "jpeg"})

    found = dict(zip(FAMILIES, relative_thresholds(lacking, FAMILIES, HUMAN, odd), strict=True))

    assert found["jpeg"] - found["blur"] == pytest.approx(math.log(2))


def test_a_flat_curve_reaches_one_half_below_its_threshold():
    steep, flat = measured(alike(2.0), slope=3.0), measured(alike(2.0), slope=1.0)

    difference = [
        one - other
        for one, other in zip(
            relative_thresholds(flat, FAMILIES, HUMAN, USUAL),
            relative_thresholds(steep, FAMILIES, HUMAN, USUAL),
            strict=True,
        )
    ]

    assert difference == pytest.approx([math.log(math.log(2)) * (1 - 1 / 3)] * len(FAMILIES))


def test_assumed_profiles_are_taken_as_they_are():
    assumed = replace(measured(alike(2.0) | {"jpeg": 0.1}), source="default")
    assumed = replace(
        assumed, distortions={k: replace(v, status="assumed") for k, v in assumed.distortions.items()}
    )

    found = relative_thresholds(assumed, FAMILIES, HUMAN, USUAL)

    assert found[FAMILIES.index("jpeg")] == pytest.approx(math.log(0.1))


def test_without_measured_models_there_is_no_pattern():
    assert usual_pattern([default_profile()], FAMILIES, HUMAN) == ()


def test_thresholds_of_prompts_say_nothing_about_pictures():
    base = measured(alike(2.0))
    words = replace(base.distortions["blur"], threshold=18.0)
    prompts = replace(base, distortions={"prompt-words": words, "prompt-characters": words})
    both = replace(base, distortions={**base.distortions, **prompts.distortions})

    assert relative_thresholds(both, FAMILIES, HUMAN, USUAL) == relative_thresholds(
        base, FAMILIES, HUMAN, USUAL
    )
    assert usual_pattern([prompts, both], FAMILIES, HUMAN) == usual_pattern([both], FAMILIES, HUMAN) == USUAL


def test_steadying_stays_within_what_the_trials_leave_open():
    sure = measured(alike(2.0) | {"jpeg": 0.1})
    jpeg = replace(sure.distortions["jpeg"], low=3.0, high=5.0)
    sure = replace(sure, distortions={**sure.distortions, "jpeg": jpeg})

    found = dict(zip(FAMILIES, relative_thresholds(sure, FAMILIES, HUMAN, USUAL), strict=True))

    assert found["jpeg"] == pytest.approx(math.log(5.0 / 40.0))


def test_what_was_never_noticed_is_not_foretold_to_be_seen():
    blind = measured(alike(2.0))
    noise = replace(blind.distortions["noise"], status="censored", threshold=50.0, low=40.0, high=None)
    blind = replace(blind, distortions={**blind.distortions, "noise": noise})

    found = dict(zip(FAMILIES, relative_thresholds(blind, FAMILIES, HUMAN, USUAL), strict=True))

    assert found["noise"] == pytest.approx(math.log(50.0 / 2.0))
    assert found["blur"] == pytest.approx(math.log(2.0), abs=0.15)
