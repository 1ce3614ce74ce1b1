from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, encode_png
from predictor.learning.residual.bank import build_bank
from predictor.learning.residual.pictures import (
    Folders,
    fitted,
    load_pool,
    make_benign,
    make_twins,
    pictures_in,
    split,
)


def test_parts_of_a_folder_share_no_picture():
    paths = [Path(f"{index:04}.jpg") for index in range(1500)]

    parts = [set(split(paths, name)) for name in ("train", "calibration", "test")]

    assert [len(chosen) for chosen in parts] == [900, 300, 300]
    assert len(set.union(*parts)) == 1500


def test_twins_differ_only_by_a_bounded_perturbation_when_lossless(monkeypatch):
    monkeypatch.setattr("predictor.learning.residual.pictures._DECOY_SHARE", 0.0)
    rng = np.random.default_rng(0)
    pool = [data.astronaut()[:128, :160], data.coffee()[:128, :160]]
    bank = build_bank(pool, [], rounds=1, rng=rng)

    for twins in make_twins(pool, bank, 20, rng):
        assert twins.benign.shape == twins.attacked.shape
        difference = np.abs(twins.benign.astype(int) - twins.attacked)
        assert difference.max() > 0
        if twins.codec.is_lossless:
            assert difference.max() <= 16


def test_now_and_then_the_benign_twin_has_noise_of_its_own():
    pool = [data.astronaut()[:128, :160], data.coffee()[:128, :160]]

    twins = [one for one in make_twins(pool, [], 60, np.random.default_rng(0)) if one.codec.is_lossless]
    apart = [
        one.benign.shape != one.attacked.shape
        or np.abs(one.benign.astype(int) - one.attacked).max() > 16  # the widest bound of an attack
        for one in twins
    ]

    assert 0.15 < np.mean(apart) < 0.7


def test_only_pictures_are_listed(tmp_path):
    (tmp_path / "a.JPG").touch()
    (tmp_path / "notes.txt").touch()

    assert [path.name for path in pictures_in(tmp_path)] == ["a.JPG"]


@pytest.mark.parametrize("shape", [(20, 30), (9, 7), (100, 3), (64, 64)])
def test_a_perturbation_is_fitted_to_any_picture_and_gets_no_stronger(shape: tuple[int, int]):
    rng = np.random.default_rng(0)
    added = rng.integers(-4, 5, (16, 12, 3)).astype(np.float32)

    found = fitted(added, shape, rng)

    assert found.shape == (*shape, 3)
    assert set(np.unique(found)) <= set(np.unique(added))


def test_each_source_is_treated_as_often_as_asked_and_the_treatment_is_named():
    pool = [data.astronaut()[:128, :160], data.coffee()[:128, :160]]

    found = list(make_benign(pool, 2, np.random.default_rng(0), lambda pixels, _: (pixels, "left alone")))

    assert [name for *_, name in found] == ["left alone"] * 4
    for pixels, codec, _ in found:
        assert pixels.shape == (128, 160, 3)
        if codec.is_lossless:
            assert any(np.array_equal(pixels, source) for source in pool)


def test_a_pool_holds_its_own_part_of_the_photographs_at_most_512_pixels_a_side(tmp_path: Path):
    for index in range(5):
        pixels = np.full((520 if index else 20, 600, 3), 50 * index, np.uint8)
        (tmp_path / f"{index}.png").write_bytes(encode_png(Image(pixels)))
    folders = Folders(photos=tmp_path, networks=tmp_path)

    train = load_pool(folders, "train", graphics=0, rng=np.random.default_rng(0))
    calibration = load_pool(folders, "calibration", graphics=2, rng=np.random.default_rng(0))

    assert [int(pixels[0, 0, 0]) for pixels in train] == [50, 100]  # the first is too small for a tile
    assert [pixels.shape for pixels in train] == [(512, 512, 3)] * 2
    assert len(calibration) == 1 + 2
    assert int(calibration[0][0, 0, 0]) == 150
