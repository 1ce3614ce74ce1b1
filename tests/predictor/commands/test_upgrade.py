import json
import shutil
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from predictor.artifact import (
    KINDS,
    SCHEMA_VERSION,
    Part,
    artifact_version,
    default_directory,
    read_part,
    write_part,
)
from predictor.cli import app
from predictor.commands.upgrade import bring_up_to_date
from predictor.predict import ArtifactError, Predictor

VERSION_1 = Path(__file__).parents[1] / "artifact_version_1"  # written by a release that knew no other


def upgrade(*words: str):
    return CliRunner().invoke(app, ["upgrade", *words])


def card(directory: Path) -> dict:
    return json.loads((directory / "card.json").read_text())


@pytest.fixture
def of_last_release(tmp_path: Path) -> Path:
    """An artifact of one's own, its residual part as version 1 had it: strata of other names."""
    directory = shutil.copytree(default_directory(), tmp_path / "own")
    own = read_part(directory, "noticeability")
    moved = {name: value.clone() for name, value in own.tensors.items()}
    for value in moved.values():
        if value.is_floating_point():
            value.mul_(1.01)
    write_part(directory, "noticeability", Part(moved, own.card))
    residual = read_part(directory, "residual")
    old = {
        name + ", any noise" if name.startswith("calibration.") else name: value
        for name, value in residual.tensors.items()
    }
    write_part(directory, "residual", Part(old, residual.card))
    described = card(directory) | {"schema_version": 1}
    (directory / "card.json").write_text(json.dumps(described))
    return directory


def test_an_artifact_that_no_longer_fits_names_both_versions_and_the_command(of_last_release: Path):
    with pytest.raises(ArtifactError) as told:
        Predictor.load(of_last_release)

    assert "the residual part does not fit" in str(told.value)
    assert f"is of schema version 1, this program writes version {SCHEMA_VERSION}" in str(told.value)
    assert f"`jnd-predictor upgrade {of_last_release}`" in str(told.value)


def test_that_command_makes_it_fit_and_keeps_what_was_trained(of_last_release: Path):
    trained = read_part(of_last_release, "noticeability").tensors

    result = upgrade(str(of_last_release), "--json")

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["replaced"] == ["residual"]
    assert card(of_last_release)["schema_version"] == SCHEMA_VERSION
    Predictor.load(of_last_release)
    for name, value in read_part(of_last_release, "noticeability").tensors.items():
        assert torch.equal(value, trained[name])
    assert {path.name for path in of_last_release.iterdir()} == {
        "card.json",
        *(entry["file"] for entry in card(of_last_release)["parts"].values()),
    }


def test_an_artifact_of_version_1_whose_parts_fit_is_read_as_it_is_and_stays_the_same_version(tmp_path: Path):
    directory = shutil.copytree(default_directory(), tmp_path / "own")
    described = card(directory) | {"schema_version": 1}
    (directory / "card.json").write_text(json.dumps(described))
    before = artifact_version(directory)
    Predictor.load(directory)

    assert bring_up_to_date(directory) == []

    assert artifact_version(directory) == before
    assert set(card(directory)["parts"]) == set(KINDS)
    assert upgrade(str(directory)).stdout == "every part fits\n"


def test_files_of_the_first_release_are_read_and_what_does_not_fit_is_replaced(tmp_path: Path):
    directory = shutil.copytree(VERSION_1, tmp_path / "old")
    assert card(directory)["schema_version"] == 1
    assert read_part(directory, "noticeability").tensors["weights"].tolist() == [0.5, 0.25]

    assert bring_up_to_date(directory) == ["noticeability", "residual"]

    Predictor.load(directory)


def test_a_newer_artifact_is_refused_with_both_versions_and_what_to_install(tmp_path: Path):
    directory = shutil.copytree(default_directory(), tmp_path / "new")
    described = card(directory) | {"schema_version": SCHEMA_VERSION + 1}
    (directory / "card.json").write_text(json.dumps(described))
    message = f"up to {SCHEMA_VERSION}, got {SCHEMA_VERSION + 1}, of a newer release: `pip install --upgrade"

    with pytest.raises(ArtifactError, match=message):
        Predictor.load(directory)
    result = upgrade(str(directory))

    assert result.exit_code == 1
    assert card(directory) == described, "nothing was written"


def test_what_is_no_artifact_is_told(tmp_path: Path):
    assert upgrade(str(tmp_path)).exit_code == 1
