import json
import shutil
from pathlib import Path

import pytest
import torch

from predictor.artifact import (
    KINDS,
    ArtifactError,
    Part,
    artifact_version,
    complete,
    default_directory,
    has_part,
    read_part,
    write_part,
)


def part(value: float) -> Part:
    return Part({"weights": torch.full((3,), value)}, {"figures": {"auc": value}})


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    write_part(tmp_path, "noticeability", part(0.5))
    return tmp_path


def change_card(directory: Path, **fields: object) -> None:
    card = json.loads((directory / "card.json").read_text())
    (directory / "card.json").write_text(json.dumps(card | fields))


def test_a_part_comes_back_as_it_was_written(artifact: Path):
    found = read_part(artifact, "noticeability")

    assert torch.equal(found.tensors["weights"], torch.full((3,), 0.5))
    assert found.card["figures"] == {"auc": 0.5}


def test_writing_one_part_leaves_the_other(artifact: Path):
    before = (artifact / "noticeability.safetensors").read_bytes()

    write_part(artifact, "residual", part(1.0))

    assert (artifact / "noticeability.safetensors").read_bytes() == before
    assert has_part(artifact, "noticeability")
    assert has_part(artifact, "residual")


def test_the_version_changes_with_any_part(artifact: Path):
    before = artifact_version(artifact)

    write_part(artifact, "residual", part(1.0))

    assert artifact_version(artifact) != before


def test_the_version_is_the_same_for_the_same_content(artifact: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(artifact, copy)

    assert artifact_version(copy) == artifact_version(artifact)


def test_an_artifact_is_completed_with_the_parts_that_ship(artifact: Path):
    complete(artifact)

    shipped = read_part(default_directory(), "residual")
    assert torch.equal(read_part(artifact, "noticeability").tensors["weights"], torch.full((3,), 0.5))
    assert all(has_part(artifact, kind) for kind in KINDS)
    assert read_part(artifact, "residual").card["calibration"] == shipped.card["calibration"]


def test_a_missing_directory_is_told(tmp_path: Path):
    with pytest.raises(ArtifactError, match="cannot read card"):
        read_part(tmp_path / "nowhere", "noticeability")


def test_a_missing_part_is_told(artifact: Path):
    with pytest.raises(ArtifactError, match="lists none"):
        read_part(artifact, "residual")


def test_a_damaged_file_is_told(artifact: Path):
    path = artifact / "noticeability.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")

    with pytest.raises(ArtifactError, match="hash"):
        read_part(artifact, "noticeability")


def test_a_damaged_card_is_told(artifact: Path):
    (artifact / "card.json").write_text("{")

    with pytest.raises(ArtifactError, match="damaged"):
        read_part(artifact, "noticeability")


def test_a_foreign_card_is_told_and_not_overwritten(artifact: Path):
    change_card(artifact, format="somebody else's")

    with pytest.raises(ArtifactError, match="not a predictor artifact"):
        write_part(artifact, "residual", part(1.0))


def test_a_newer_artifact_is_told(artifact: Path):
    change_card(artifact, schema_version=99)

    with pytest.raises(ArtifactError, match="99"):
        read_part(artifact, "noticeability")
