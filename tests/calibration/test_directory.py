import json
from dataclasses import replace
from pathlib import Path

import pytest

from calibration.directory import CalibrationDirectory, DirectoryError, SessionRecord, write_whole

RECORD = SessionRecord(
    observer="simulated:",
    question="difference",
    question_digest="",
    procedure="adaptive",
    window=3,
    seed=0,
    stimulus_side=64,
    images=("a.png", "b.png"),
    images_content="0f",
    wave=2,
)


def test_a_session_may_be_begun_again(tmp_path: Path):
    directory = CalibrationDirectory(tmp_path / "out")

    directory.begin(RECORD)
    directory.begin(RECORD)

    assert directory.session.is_file()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seed", 1),
        ("observer", "embedded"),
        ("images", ("a.png",)),
        ("stimulus_side", 96),
        ("images_content", "1e"),
    ],
)
def test_another_session_is_refused_and_the_difference_named(tmp_path: Path, field: str, value: object):
    directory = CalibrationDirectory(tmp_path)
    directory.begin(RECORD)

    with pytest.raises(DirectoryError, match=f"with other {field}"):
        directory.begin(replace(RECORD, **{field: value}))


def test_a_session_goes_on_with_the_wave_it_was_begun_with(tmp_path: Path):
    directory = CalibrationDirectory(tmp_path)
    directory.begin(RECORD)

    begun = directory.begin(replace(RECORD, wave=4))

    assert begun.wave == 2


def test_a_session_of_another_schema_version_is_refused(tmp_path: Path):
    directory = CalibrationDirectory(tmp_path)
    directory.begin(replace(RECORD, schema_version=1))

    with pytest.raises(DirectoryError, match="schema version 2"):
        directory.begin(RECORD)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema_version": 2}'])
def test_a_damaged_session_file_is_refused(tmp_path: Path, content: str):
    (tmp_path / "session.json").write_text(content)

    with pytest.raises(DirectoryError, match=r"session\.json"):
        CalibrationDirectory(tmp_path).begin(RECORD)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(DirectoryError, match="cannot make"):
        CalibrationDirectory(tmp_path / "file" / "out").begin(RECORD)


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path):
    path = tmp_path / "profile.json"
    write_whole(path, "old")

    write_whole(path, b"new")

    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["profile.json"]


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path):
    target = tmp_path / "profile.json"
    target.mkdir()
    (target / "kept").write_text("")

    with pytest.raises(DirectoryError, match="cannot write"):
        write_whole(target, "new")

    assert [p.name for p in tmp_path.iterdir()] == ["profile.json"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "http://other/v1"),
        ("max_tokens", 99),
        ("effort", "low"),
        ("thinking", "off"),
        ("side_by_side", True),
    ],
)
def test_a_model_asked_otherwise_or_elsewhere_is_another_session(tmp_path: Path, field: str, value: object):
    directory = CalibrationDirectory(tmp_path)
    remote = replace(RECORD, address="http://host/v1")
    directory.begin(remote)

    with pytest.raises(DirectoryError, match=f"with other {field}"):
        directory.begin(replace(remote, **{field: value}))


def test_a_session_of_before_goes_on_and_is_held_to_the_server_it_goes_on_with(tmp_path: Path):
    directory = CalibrationDirectory(tmp_path)
    directory.begin(RECORD)
    old = json.loads(directory.session.read_text())
    for field in ("address", "max_tokens", "effort", "thinking", "side_by_side"):
        del old[field]
    directory.session.write_text(json.dumps(old))

    begun = directory.begin(replace(RECORD, address="http://host/v1"))

    assert begun.address == "http://host/v1"
    with pytest.raises(DirectoryError, match="with other address"):
        directory.begin(replace(RECORD, address="http://other/v1"))


def test_trials_are_there_once_something_was_answered(tmp_path: Path):
    directory = CalibrationDirectory(tmp_path)
    assert not directory.has_trials

    directory.trials.write_text("{}")

    assert directory.has_trials
