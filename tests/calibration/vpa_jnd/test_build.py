import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from calibration.directory import DirectoryError
from calibration.image import load
from calibration.vpa_jnd.build import (
    BuildRequest,
    build,
    choose,
    parse_materialise,
    reference_path,
    stimulus_path,
)
from calibration.vpa_jnd.manifest import Stimuli, read_manifest
from tests.full_disk import no_file_beyond


@dataclass
class Told:
    """A reporter that remembers."""

    total: int = 0
    advanced: int = 0
    warnings: list[str] = field(default_factory=list)

    def begin(self, total: int) -> None:
        self.total += total

    def advance(self, count: int) -> None:
        self.advanced += count

    def warn(self, message: str) -> None:
        self.warnings.append(message)


@pytest.fixture
def request_small(photo_folder: Path, tmp_path: Path) -> BuildRequest:
    return BuildRequest(images=photo_folder, out=tmp_path / "out", recipe="small")


def stimuli_on_disk(out: Path) -> dict[Path, bytes]:
    return {path.relative_to(out): path.read_bytes() for path in sorted(out.rglob("*.png"))}


def test_a_build_without_pictures_writes_the_manifest_alone(request_small: BuildRequest):
    result = build(request_small, Told())

    assert [path.name for path in request_small.out.iterdir()] == ["manifest.parquet"]
    assert result.stimuli == len(read_manifest(result.manifest)) == 328
    assert result.categories["benign injection"] == 8
    assert (result.pictures, result.references, result.materialised) == (3, 4, 0)
    assert json.loads(json.dumps(result.as_record()))["stimuli"] == 328


def test_all_stimuli_are_written_where_their_rows_say(request_small: BuildRequest):
    told = Told()

    result = build(replace(request_small, materialise="all"), told)

    assert result.materialised == told.total == told.advanced == 328
    stimuli = Stimuli(request_small.images)
    for row in read_manifest(result.manifest).rows(np.arange(0, 328, 9)):
        pair = stimuli.stimulus(row)
        assert np.array_equal(load(request_small.out / stimulus_path(row)).pixels, pair.stimulus.pixels)
        assert np.array_equal(load(request_small.out / reference_path(row)).pixels, pair.reference.pixels)
    assert len(stimuli_on_disk(request_small.out)) == 328 + 4


def test_asking_for_more_keeps_what_is_there(request_small: BuildRequest):
    build(replace(request_small, materialise=10), Told())
    before = {path: path.stat().st_mtime_ns for path in request_small.out.rglob("*.png")}

    result = build(replace(request_small, materialise=25), Told())

    assert result.materialised == 25
    assert all(path.stat().st_mtime_ns == changed for path, changed in before.items())
    assert len(list((request_small.out / "stimuli").rglob("*.png"))) == 25


def test_a_drawn_part_spreads_over_the_distortions(request_small: BuildRequest):
    manifest = read_manifest(build(request_small, Told()).manifest)

    chosen = choose(manifest, 60)

    assert len(set(chosen.tolist())) == 60
    assert len({row.distortion for row in manifest.rows(chosen)}) >= 12
    assert set(choose(manifest, 20).tolist()) < set(chosen.tolist())
    assert len(choose(manifest, 10**9)) == len(manifest)


def test_a_full_disk_is_told_and_the_build_goes_on_when_there_is_room(
    request_small: BuildRequest, tmp_path: Path
):
    asked = replace(request_small, materialise=40)
    build(replace(asked, out=tmp_path / "roomy"), Told())
    expected = stimuli_on_disk(tmp_path / "roomy")

    with (
        no_file_beyond(max(len(data) for data in expected.values()) - 1),
        pytest.raises(DirectoryError, match=r"cannot write .* of 40 stimuli are on disk: make room"),
    ):
        build(asked, Told())
    left = stimuli_on_disk(request_small.out)
    result = build(asked, Told())

    assert 0 < len(left) < len(expected)
    assert left.items() <= expected.items()
    assert result.materialised == 40
    assert stimuli_on_disk(request_small.out) == expected


def test_a_disk_too_full_for_the_manifest_leaves_nothing_behind(request_small: BuildRequest):
    with no_file_beyond(1000), pytest.raises(DirectoryError, match="cannot write"):
        build(request_small, Told())

    assert list(request_small.out.iterdir()) == []


def test_a_folder_that_holds_another_dataset_is_left_as_it_is(request_small: BuildRequest):
    manifest = build(request_small, Told()).manifest
    before = manifest.read_bytes()

    with pytest.raises(DirectoryError, match="holds another dataset: recipe small, seed 0"):
        build(replace(request_small, seed=1), Told())

    assert manifest.read_bytes() == before


def test_pictures_added_since_make_another_dataset(request_small: BuildRequest):
    build(request_small, Told())
    (request_small.images / "more.png").write_bytes((request_small.images / "0.png").read_bytes())

    with pytest.raises(DirectoryError, match="the same recipe and seed over other pictures"):
        build(request_small, Told())


def test_the_same_manifest_in_other_bytes_is_the_same_dataset(request_small: BuildRequest):
    path = build(request_small, Told()).manifest
    whole = pq.read_table(path)
    pq.write_table(whole, path, compression="none")
    other_bytes = path.read_bytes()

    build(request_small, Told())

    assert path.read_bytes() == other_bytes


def test_a_damaged_manifest_is_not_overwritten(request_small: BuildRequest):
    manifest = build(request_small, Told()).manifest
    manifest.write_bytes(b"damaged")

    with pytest.raises(DirectoryError, match=r"expected a whole parquet file.*choose another --out"):
        build(request_small, Told())

    assert manifest.read_bytes() == b"damaged"


def test_unreadable_pictures_are_left_out_and_told(request_small: BuildRequest):
    (request_small.images / "broken.jpg").write_bytes(b"broken")
    told = Told()

    result = build(request_small, told)

    assert result.pictures == 3
    assert result.skipped[0].startswith("broken.jpg: ")
    assert told.warnings == [f"skipped {result.skipped[0]}"]


def test_an_empty_folder_is_refused_and_nothing_is_written(request_small: BuildRequest, tmp_path: Path):
    (tmp_path / "empty").mkdir()

    with pytest.raises(ValueError, match="holds no readable image"):
        build(replace(request_small, images=tmp_path / "empty"), Told())

    assert not request_small.out.exists()


def test_a_place_that_is_no_folder_is_refused(request_small: BuildRequest):
    request_small.out.write_text("")

    with pytest.raises(DirectoryError, match="cannot use the folder"):
        build(request_small, Told())


@pytest.mark.parametrize(("text", "expected"), [("all", "all"), ("0", 0), ("250", 250)])
def test_the_option_takes_a_number_or_all(text: str, expected: object):
    assert parse_materialise(text) == expected


@pytest.mark.parametrize("text", ["", "-1", "1.5", "some", "²", "٣"])
def test_anything_else_is_refused(text: str):
    with pytest.raises(ValueError, match="expected a number of stimuli or 'all'"):
        parse_materialise(text)
