import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import torch

from predictor.artifact import (
    KINDS,
    SCHEMA_VERSION,
    ArtifactError,
    Part,
    artifact_version,
    artifact_written,
    complete,
    default_directory,
    has_part,
    mark_current,
    older_schema,
    read_part,
    write_part,
)
from tests.full_disk import no_file_beyond


def part(value: float) -> Part:
    return Part({"weights": torch.full((3,), value)}, {"figures": {"auc": value}})


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    write_part(tmp_path, "noticeability", part(0.5))
    return tmp_path


def change_card(directory: Path, **fields: object) -> None:
    card = json.loads((directory / "card.json").read_text())
    (directory / "card.json").write_text(json.dumps(card | fields))


def change_entry(directory: Path, **fields: object) -> None:
    parts = json.loads((directory / "card.json").read_text())["parts"]
    change_card(directory, parts={"noticeability": parts["noticeability"] | fields})


def tensor_files(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.safetensors"))


def test_a_part_comes_back_as_it_was_written(artifact: Path):
    found = read_part(artifact, "noticeability")

    assert torch.equal(found.tensors["weights"], torch.full((3,), 0.5))
    assert found.card["figures"] == {"auc": 0.5}


def test_writing_one_part_leaves_the_other(artifact: Path):
    (file,) = tensor_files(artifact)
    before = file.read_bytes()

    write_part(artifact, "residual", part(1.0))

    assert file.read_bytes() == before
    assert has_part(artifact, "noticeability")
    assert has_part(artifact, "residual")


def test_writing_a_part_again_leaves_nothing_of_the_former(artifact: Path):
    write_part(artifact, "noticeability", part(1.0))

    assert torch.equal(read_part(artifact, "noticeability").tensors["weights"], torch.full((3,), 1.0))
    assert len(tensor_files(artifact)) == 1


def test_a_part_read_can_be_written_back(artifact: Path):
    before = read_part(artifact, "noticeability")

    write_part(artifact, "noticeability", Part({"weights": torch.zeros(9)}, before.card))

    assert torch.equal(read_part(artifact, "noticeability").tensors["weights"], torch.zeros(9))


def test_the_same_part_written_twice_stays(artifact: Path):
    write_part(artifact, "noticeability", read_part(artifact, "noticeability"))

    assert torch.equal(read_part(artifact, "noticeability").tensors["weights"], torch.full((3,), 0.5))


def test_a_card_that_cannot_be_written_leaves_the_old_part(artifact: Path):
    files = tensor_files(artifact)

    with pytest.raises(OSError, match="File too large"), no_file_beyond(4096):
        write_part(artifact, "noticeability", Part(part(1.0).tensors, {"limits": "x" * 10_000}))

    assert read_part(artifact, "noticeability").card["figures"] == {"auc": 0.5}
    assert tensor_files(artifact) == files


def test_arrays_that_cannot_be_written_leave_the_old_part(artifact: Path):
    with pytest.raises(OSError, match="File too large"), no_file_beyond(4096):
        write_part(artifact, "noticeability", Part({"weights": torch.zeros(5000)}))

    assert read_part(artifact, "noticeability").card["figures"] == {"auc": 0.5}


def test_a_part_named_by_its_kind_alone_still_loads_and_is_replaced(artifact: Path):
    (file,) = tensor_files(artifact)
    file.rename(artifact / "noticeability.safetensors")
    change_entry(artifact, file="noticeability.safetensors")

    found = read_part(artifact, "noticeability")
    write_part(artifact, "noticeability", found)

    assert torch.equal(found.tensors["weights"], torch.full((3,), 0.5))
    assert file.with_name("noticeability.safetensors") not in tensor_files(artifact)
    assert len(tensor_files(artifact)) == 1


@pytest.mark.parametrize(
    "file",
    [
        "../noticeability.safetensors",
        "/etc/passwd",
        "residual.safetensors",
        "noticeability.safetensors\n",
        "",
        None,
        3,
    ],
)
def test_a_file_that_is_not_the_parts_is_neither_read_nor_replaced(artifact: Path, file: object):
    change_entry(artifact, file=file)

    with pytest.raises(ArtifactError, match="expected a file noticeability-HASH"):
        read_part(artifact, "noticeability")
    with pytest.raises(ArtifactError, match="expected a file noticeability-HASH"):
        write_part(artifact, "noticeability", part(1.0))


def test_the_version_changes_with_any_part(artifact: Path):
    before = artifact_version(artifact)

    write_part(artifact, "residual", part(1.0))

    assert artifact_version(artifact) != before


def test_the_same_arrays_are_the_same_file(tmp_path: Path):
    for number in range(12):
        write_part(tmp_path / str(number), "noticeability", part(0.5))

    assert len({artifact_version(tmp_path / str(number)) for number in range(12)}) == 1
    assert len({tensor_files(tmp_path / str(number))[0].name for number in range(12)}) == 1


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
    with pytest.raises(ArtifactError, match=r"^cannot read card"):
        read_part(tmp_path / "nowhere", "noticeability")


def test_a_missing_part_is_told(artifact: Path):
    with pytest.raises(ArtifactError, match="lists none"):
        read_part(artifact, "residual")


def test_a_damaged_file_is_told(artifact: Path):
    (path,) = tensor_files(artifact)
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


@pytest.mark.parametrize("version", [0, -1, True, "2", None])
def test_a_version_that_never_was_is_told(artifact: Path, version: object):
    change_card(artifact, schema_version=version)

    with pytest.raises(ArtifactError, match="expected an artifact of schema version 1 to 2"):
        read_part(artifact, "noticeability")


def test_a_part_written_beside_older_ones_leaves_the_artifact_of_their_version(artifact: Path):
    change_card(artifact, schema_version=1)
    write_part(artifact, "residual", part(1.0))
    assert json.loads((artifact / "card.json").read_text())["schema_version"] == 1
    assert "jnd-predictor upgrade" in older_schema(artifact)

    mark_current(artifact)

    assert json.loads((artifact / "card.json").read_text())["schema_version"] == SCHEMA_VERSION
    assert older_schema(artifact) == ""
    assert older_schema(artifact / "nowhere") == ""


def test_the_card_notes_the_day_on_which_a_part_was_written(artifact: Path):
    today = datetime.now(UTC).date()

    assert timedelta(0) <= today - artifact_written(artifact)["noticeability"] <= timedelta(days=1)


def test_the_day_is_no_part_of_the_version(artifact: Path):
    before = artifact_version(artifact)

    change_card(artifact, written={"noticeability": "2020-02-29"})

    assert artifact_version(artifact) == before


def test_of_an_artifact_of_an_older_program_no_day_is_known(artifact: Path):
    change_card(artifact, written={})

    assert artifact_written(artifact) == {}


@pytest.mark.parametrize("written", [["2026-11-29"], {"noticeability": "yesterday"}])
def test_a_day_that_is_none_is_refused(artifact: Path, written: object):
    change_card(artifact, written=written)

    with pytest.raises(ArtifactError, match="written"):
        artifact_written(artifact)


def test_every_part_that_ships_has_its_day():
    assert set(artifact_written(default_directory())) == set(KINDS)
