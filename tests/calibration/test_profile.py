import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.profile import (
    JndProfile,
    ProfileError,
    Threshold,
    default_profile,
    embedded_profile,
    load_profile,
)
from calibration.published import published_profile
from calibration.published_table import TABLE
from calibration.stimuli.registry import DISTORTIONS

MEASURED = Threshold("measured", 12.0, 6.0, 9.0, 15.0, 3.0, 0.02, 0.98, 25)
UNMEASURABLE = Threshold("unmeasurable", 12.0, 6.0, 1.0, 90.0, 3.0, 0.6, 0.9, 25, "biased")


def profile(**distortions: Threshold) -> JndProfile:
    return JndProfile("m", "measured", distortions, stimulus_side=96, details={"seed": 1})


def test_a_profile_survives_its_file(tmp_path: Path):
    path = tmp_path / "profile.json"
    path.write_text(profile(blur=MEASURED, noise=UNMEASURABLE).to_json())

    assert load_profile(path) == load_profile(tmp_path) == profile(blur=MEASURED, noise=UNMEASURABLE)


def test_an_unmeasurable_or_unknown_threshold_is_none():
    found = profile(blur=MEASURED, noise=UNMEASURABLE)

    assert found.threshold_of("blur") == 12
    assert found.threshold_of("noise") is None
    assert found.threshold_of("jpeg") is None


def test_the_default_profile_covers_every_distortion_within_its_levels():
    found = default_profile("new-model")

    assert found.source == "default"
    assert set(found.distortions) == set(DISTORTIONS)
    for name, threshold in found.distortions.items():
        assert threshold.status == "assumed"
        assert 0 < threshold.threshold <= DISTORTIONS[name].levels


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", "{}", '{"schema_version": 1}', '{"schema_version": 1, "distortions": {"blur": {}}}'],
)
def test_what_is_not_a_profile_is_refused(text: str):
    with pytest.raises(ProfileError):
        JndProfile.from_json(text)


@given(st.integers(min_value=3) | st.integers(max_value=0))
def test_another_schema_version_is_refused(version: int):
    fields = json.loads(profile(blur=MEASURED).to_json()) | {"schema_version": version}

    with pytest.raises(ProfileError, match=f"schema version 1 or 2, got {version}") as told:
        JndProfile.from_json(json.dumps(fields))

    command = "pip install --upgrade lmm-jnd" if version > 2 else "jnd-calibrate run"
    assert f"`{command}`" in str(told.value)


def test_a_field_from_the_future_is_refused():
    fields = json.loads(profile(blur=MEASURED).to_json()) | {"mood": "good"}

    with pytest.raises(ProfileError):
        JndProfile.from_json(json.dumps(fields))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[(name, value) for name in ("threshold", "low", "high", "slope") for value in (0, -1.0, math.nan)],
        *[(name, value) for name in ("false_alarm", "hit_at_max") for value in (-0.1, 1.1, math.nan)],
        ("threshold", math.inf),
        ("threshold", "12"),
        ("threshold", True),
        ("slope", 10**400),
        ("unit_value", math.nan),
    ],
)
def test_an_impossible_number_of_a_distortion_is_refused_by_name(name: str, value: object):
    fields = json.loads(profile(blur=MEASURED).to_json())
    fields["distortions"]["blur"][name] = value

    with pytest.raises(ProfileError, match=rf"blur\.{name}"):
        JndProfile.from_json(json.dumps(fields))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[(name, side) for name in ("input_side", "stimulus_side") for side in (0, -1, 20_000, 96.5, "96")],
        ("false_alarm", math.nan),
        ("false_alarm", 2),
    ],
)
def test_an_impossible_number_of_a_model_is_refused_by_name(name: str, value: object):
    fields = json.loads(profile(blur=MEASURED).to_json()) | {name: value}

    with pytest.raises(ProfileError, match=name):
        JndProfile.from_json(json.dumps(fields))


@pytest.mark.parametrize("found", [default_profile(), embedded_profile(), *map(published_profile, TABLE)])
def test_every_profile_that_ships_survives_its_file(found: JndProfile):
    assert JndProfile.from_json(found.to_json()) == found


def test_thresholds_of_prompts_are_kept_and_told_apart_from_those_of_pictures():
    found = JndProfile.from_json(profile(**{"blur": MEASURED, "prompt-words": MEASURED}).to_json())

    assert set(found.distortions) == {"blur", "prompt-words"}
    assert set(found.of_pictures) == {"blur"}


VERSION_1 = Path(__file__).with_name("profile_version_1.json")  # written by the release that knew no other


def test_a_file_of_version_1_is_read_with_the_statuses_of_today():
    old = json.loads(VERSION_1.read_text())

    found = load_profile(VERSION_1)

    assert old["schema_version"] == 1
    assert {
        name: (value["status"], found.distortions[name].status) for name, value in old["distortions"].items()
    } == {
        "blur": ("measured", "measured"),
        "saturation": ("measured", "rough"),
        "contrast": ("censored", "censored"),
        "jpeg": ("unmeasurable", "unmeasurable"),
        "noise": ("unmeasurable", "blunt"),
        "mask": ("measured", "rough"),
    }
    assert "spans a factor of" in found.distortions["saturation"].reason
    assert "beyond the strongest level, 50" in found.distortions["mask"].reason


def test_a_file_of_version_1_keeps_its_numbers_and_is_written_as_version_2():
    old = json.loads(VERSION_1.read_text())

    written = json.loads(load_profile(VERSION_1).to_json())

    assert written["schema_version"] == 2
    for name, value in old["distortions"].items():
        told = {"status": None, "reason": None}
        assert value | told == written["distortions"][name] | told


def test_the_profile_that_ships_is_measured_throughout():
    assert {found.status for found in embedded_profile().distortions.values()} == {"measured"}


def test_a_blunt_threshold_is_known_and_beyond_the_scale():
    blunt = Threshold("blunt", 45.0, 22.5, 30.0, 90.0, 3.0, 0.02, 0.6, 25, "notices only 60%")

    assert profile(blur=blunt).threshold_of("blur") == 45
    assert blunt.is_beyond_scale
    assert not blunt.is_estimated


@pytest.mark.parametrize("status", ["fine", "", None, 3, []])
def test_an_unknown_status_is_refused_by_name(status: object):
    fields = json.loads(profile(blur=MEASURED).to_json())
    fields["distortions"]["blur"]["status"] = status

    with pytest.raises(ProfileError, match=r"blur\.status"):
        JndProfile.from_json(json.dumps(fields))
