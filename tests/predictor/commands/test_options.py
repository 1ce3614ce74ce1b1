from pathlib import Path

import pytest

from calibration.profile import ProfileError, default_profile
from predictor.commands.options import fail, profile_of


def told(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""  # stdout is for answers
    return captured.err


def test_a_known_model_is_taken_without_a_word(capsys: pytest.CaptureFixture[str]):
    assert profile_of("embedded").source == "measured"
    assert told(capsys) == ""


def test_a_name_nobody_knows_is_told_as_it_was_given(capsys: pytest.CaptureFixture[str]):
    profile = profile_of("my[bold]model")

    assert (profile.model, profile.source) == ("my[bold]model", "default")
    assert told(capsys) == "nothing is known of my[bold]model: it is taken to see as well as people do\n"


def test_a_profile_file_is_read_and_a_path_that_leads_nowhere_refused(tmp_path: Path):
    path = tmp_path / "profile.json"
    path.write_text(default_profile("mine").to_json())

    assert profile_of(str(path)).model == "mine"
    with pytest.raises(ProfileError):
        profile_of(str(tmp_path / "missing" / "profile.json"))


def test_a_failure_says_why_in_one_line_however_long_and_ends_with_1(capsys: pytest.CaptureFixture[str]):
    why = f"cannot read [red]{'x' * 300}[/red].png"

    with pytest.raises(SystemExit) as ended:
        fail(ValueError(why))

    assert ended.value.code == 1
    assert told(capsys) == f"error: {why}\n"
