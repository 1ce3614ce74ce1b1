from dataclasses import replace
from pathlib import Path

import pytest

from calibration.directory import CalibrationDirectory
from calibration.observers.options import ObserverOptions
from calibration.request import Request, options_of, plan_session, public_spec, record_of

ASKED = Request(observer="openai:m@http://host/v1", images=Path(), out=Path(), distortions="blur")


@pytest.fixture
def directory(tmp_path: Path) -> CalibrationDirectory:
    return CalibrationDirectory(tmp_path / "out")


def begin(directory: CalibrationDirectory, photos: Path, *, side_by_side: bool) -> None:
    request = replace(ASKED, images=photos)
    record = record_of(
        request,
        plan_session(request),
        stimulus_side=64,
        options=ObserverOptions(side_by_side=side_by_side or None),
    )
    directory.begin(record)


def test_a_new_session_shows_two_pictures_as_one_where_it_must(directory: CalibrationDirectory):
    assert options_of(ASKED, directory).side_by_side is None
    assert options_of(replace(ASKED, side_by_side=True), directory).side_by_side is True


def test_workers_of_a_cluster_do_not_decide_by_themselves(directory: CalibrationDirectory):
    assert options_of(replace(ASKED, cluster="ray"), directory).side_by_side is False


def test_a_session_goes_on_showing_pictures_as_it_began(directory: CalibrationDirectory, photo_folder: Path):
    begin(directory, photo_folder, side_by_side=True)

    assert options_of(ASKED, directory).side_by_side is True


def test_a_session_with_answers_about_two_pictures_keeps_to_two(
    directory: CalibrationDirectory, photo_folder: Path
):
    begin(directory, photo_folder, side_by_side=False)
    directory.trials.write_text("{}\n")

    assert options_of(ASKED, directory).side_by_side is False


def test_the_record_names_the_model_and_holds_no_credential(photo_folder: Path):
    request = replace(ASKED, observer="openai:org/m@http://user:pw@host/v1", images=photo_folder)
    options = ObserverOptions(effort="low", thinking=2048, max_tokens=4000)

    record = record_of(
        request, plan_session(request), stimulus_side=512, address="http://host/v1", options=options
    )

    assert (record.observer, record.address) == ("openai:org/m", "http://host/v1")
    assert (record.effort, record.thinking, record.max_tokens) == ("low", "2048", 4000)
    assert "pw" not in repr(record)


@pytest.mark.parametrize(
    ("spec", "public"),
    [
        (
            "openai:m@2@http://user:pw@host/v1/?key=abc&api-version=1",
            "openai:m@2@http://host/v1?api-version=1",
        ),
        ("openai-responses:m@https://host/v1", "openai-responses:m@https://host/v1"),
        ("anthropic:claude-opus-5", "anthropic:claude-opus-5"),
        ("embedded", "embedded"),
    ],
)
def test_what_is_printed_and_kept_holds_no_credential(spec: str, public: str):
    assert public_spec(spec) == public
