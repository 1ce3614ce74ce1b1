from pathlib import Path

import numpy as np
import pytest

from calibration.image import Image, encode_png
from calibration.pictures import Picture, Pictures, find_pictures
from calibration.stimuli.edits import read_pairs
from calibration.stimuli.registry import ALL_DISTORTIONS
from calibration.vpa_jnd.columns import build_manifest, measure_pairs
from calibration.vpa_jnd.manifest import Manifest
from calibration.vpa_jnd.recipes import build_recipe

THREE = Pictures(
    Path("photos"),
    tuple(Picture(f"{name}.jpg", name * 64, width, height) for name, width, height in
          (("a", 640, 480), ("b", 1, 1), ("c", 33, 1000))),
    (),
)  # fmt: skip


@pytest.fixture(scope="module")
def paper() -> Manifest:
    return build_manifest(build_recipe("paper"), THREE, seed=3)


def column(manifest: Manifest, name: str) -> np.typing.NDArray[np.generic]:
    return np.asarray(manifest.table.column(name).to_numpy(zero_copy_only=False))


def test_the_papers_manifest_has_its_rows_and_references(paper: Manifest):
    assert len(paper) == 489_065
    assert paper.references() == 21_598
    assert paper.counts() == {
        "low-level": 304_400,
        "malicious injection": 151_200,
        "viewpoint": 10_000,
        "benign injection": 23_465,
    }


def test_every_id_is_its_own(paper: Manifest):
    assert len(paper.table.column("id").unique()) == len(paper)


def test_the_same_folder_and_seed_give_the_same_bytes(paper: Manifest):
    again, other = (build_manifest(build_recipe("paper"), THREE, seed=seed) for seed in (3, 4))

    assert paper.to_bytes() == again.to_bytes()
    assert paper.to_bytes() != other.to_bytes()


def test_a_folder_with_fewer_pictures_is_cycled_and_every_crop_lies_inside(paper: Manifest):
    sizes = {picture.name: (picture.width, picture.height) for picture in THREE.found}
    names = column(paper, "reference").astype(str)
    width, height = (np.vectorize({n: s[at] for n, s in sizes.items()}.get)(names) for at in (0, 1))

    left, top, wide, tall = (
        column(paper, f"crop_{side}").astype(int) for side in ("left", "top", "width", "height")
    )

    assert (left >= 0).all()
    assert (top >= 0).all()
    assert (wide >= 1).all()
    assert (tall >= 1).all()
    assert (left + wide <= width).all()
    assert (top + tall <= height).all()
    is_whole = (wide == width) & (tall == height)
    large = names != "b.jpg"
    assert set(column(paper, "reference_id")[is_whole & large].tolist()) <= {0, 1, 2}


def test_a_reference_is_the_same_picture_and_crop_in_every_row(paper: Manifest):
    keys = ["reference", "crop_left", "crop_top", "crop_width", "crop_height"]

    kinds = paper.table.select(["reference_id", *keys]).group_by(["reference_id", *keys]).aggregate([])

    assert kinds.num_rows == paper.references()


def test_the_levels_of_one_reference_and_distortion_share_a_seed(paper: Manifest):
    table = paper.table.filter(np.asarray(column(paper, "kind").astype(str) == "distortion"))

    series = table.group_by(["distortion", "reference_id"]).aggregate([("seed", "count_distinct")])

    assert set(series.column("seed_count_distinct").to_pylist()) == {1}
    assert len(table.column("seed").unique()) > 0.99 * series.num_rows


def test_every_row_tells_its_physical_strength():
    manifest = build_manifest(build_recipe("small"), THREE, seed=0)

    for row in manifest.rows():
        if row.kind == "local edit":
            assert (row.level, row.unit, row.unit_value) == (None, None, None)
        else:
            distortion = ALL_DISTORTIONS[row.distortion]
            assert row.level is not None
            assert row.unit == distortion.unit
            assert row.unit_value == pytest.approx(distortion.unit_value(row.level), rel=1e-11)
        assert row.reference_level == 0


def test_pairs_from_disk_take_the_place_of_generated_edits(tmp_path: Path, photo_folder: Path):
    for number in range(6):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 9, 3)).astype(np.uint8)
        name = f"{number // 2}{'_2' if number % 2 else ''}.png"
        (tmp_path / name).write_bytes(encode_png(Image(pixels)))
    pairs = measure_pairs(read_pairs(tmp_path))

    manifest = build_manifest(build_recipe("small"), find_pictures(photo_folder), 0, pairs)

    benign = [row for row in manifest.rows() if row.category == "benign injection"]
    read = [row for row in benign if row.source == "pairs"]
    assert len(benign) == 8
    assert [(row.reference, row.edited, row.kind) for row in read] == [
        (f"{number}.png", f"{number}_2.png", "spot the difference") for number in range(3)
    ]
    assert len({row.reference_id for row in read} & {row.reference_id for row in manifest.rows()}) == 3
    assert min(row.reference_id for row in read) == 4
