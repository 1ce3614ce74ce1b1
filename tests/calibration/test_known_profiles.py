"""A name becomes a profile by one set of rules, whoever asks."""

from dataclasses import replace
from pathlib import Path

import pytest

from calibration.known_profiles import find_profile, profile_of_model, resolve_profile
from calibration.profile import ProfileError, default_profile
from calibration.published import cautious_profile, published_profile


def test_a_published_model_gets_its_prior_and_a_measured_profile_goes_first(tmp_path: Path):
    (tmp_path / "profile.json").write_text(replace(default_profile("gpt-4o"), source="measured").to_json())

    assert resolve_profile("gpt-4o").source == "published-prior"
    assert resolve_profile(str(tmp_path)).source == "measured"


@pytest.mark.parametrize("name", ["gpt-9000", "an-owner/a-model-2.5"])
def test_unknown_names_get_the_default_profile(name: str):
    assert resolve_profile(name).source == "default"


@pytest.mark.parametrize("name", ["./calibrated", "../calibrated", "/nowhere/calibrated", "calibrated/"])
def test_a_path_that_leads_nowhere_is_not_taken_for_a_models_name(name: str):
    with pytest.raises(ProfileError, match="cannot read a profile at"):
        resolve_profile(name)


def test_a_models_name_is_never_taken_for_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "gpt-9000").mkdir()
    monkeypatch.chdir(tmp_path)

    assert profile_of_model("gpt-9000").source == "default"


def test_a_profile_is_read_from_its_file_or_folder(tmp_path: Path):
    (tmp_path / "profile.json").write_text(replace(default_profile("mine"), source="measured").to_json())

    assert resolve_profile(str(tmp_path)).model == "mine"
    assert resolve_profile(str(tmp_path / "profile.json")).model == "mine"


def test_a_missing_profile_file_is_told(tmp_path: Path):
    with pytest.raises(ProfileError, match="cannot read a profile"):
        resolve_profile(str(tmp_path / "nowhere.json"))


def test_names_of_ours_are_found_for_comparing():
    assert find_profile("embedded").model == "embedded"
    assert find_profile("default").source == "default"
    assert find_profile("human").source == "published-prior"


def test_comparing_takes_published_numbers_at_their_word_and_acting_does_not():
    assert find_profile("deepseek-vl2-tiny") == published_profile("deepseek-vl2-tiny")
    assert resolve_profile("deepseek-vl2-tiny") == cautious_profile("deepseek-vl2-tiny")
    assert find_profile("deepseek-vl2-tiny") != resolve_profile("deepseek-vl2-tiny")


@pytest.mark.parametrize("find", [find_profile, resolve_profile])
@pytest.mark.parametrize("name", ["embedded", "default", "human"])
def test_a_folder_of_the_same_name_does_not_hide_what_we_know(
    find, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)

    assert find(name).distortions


@pytest.mark.parametrize("find", [find_profile, resolve_profile])
def test_an_unfinished_run_is_told_apart_from_a_missing_profile(find, tmp_path: Path):
    (tmp_path / "session.json").write_text("{}")

    with pytest.raises(ProfileError, match="has not finished"):
        find(str(tmp_path))


@pytest.mark.parametrize("find", [find_profile, resolve_profile])
@pytest.mark.parametrize("name", ["./nowhere", "nowhere/", "nowhere.json", "~/nowhere-at-all"])
def test_both_readings_take_the_same_names_for_paths(find, name: str):
    with pytest.raises(ProfileError, match="cannot read a profile at"):
        find(name)


def test_the_home_of_nobody_is_a_path_that_leads_nowhere():
    with pytest.raises(ProfileError, match="nobody here has that home folder"):
        resolve_profile("~no-such-user/profile.json")
