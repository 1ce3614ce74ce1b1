from pathlib import Path

import numpy as np
import pytest
import ssimulacra2
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png
from calibration.observers.ssimulacra2_score import prepare, score, score_either_way
from calibration.stimuli.registry import DISTORTIONS


def photograph(width: int, height: int) -> Image:
    return Image(np.ascontiguousarray(data.astronaut()[:height, :width]))


def published(first: Image, second: Image, folder: Path) -> float:
    for name, image in (("first.png", first), ("second.png", second)):
        (folder / name).write_bytes(encode_png(image))
    return float(ssimulacra2.compute_ssimulacra2(str(folder / "first.png"), str(folder / "second.png")))


@pytest.mark.parametrize(("width", "height"), [(200, 160), (157, 101), (40, 300), (8, 8)])
@pytest.mark.parametrize("quality", [15, 60, 95])
def test_it_scores_as_the_package_does(width: int, height: int, quality: int, tmp_path: Path):
    reference = photograph(width, height)
    version = decode(encode_jpeg(reference, quality)).image

    found = score(prepare(reference), prepare(version))

    assert found == pytest.approx(published(reference, version, tmp_path), abs=1e-3)


@pytest.mark.parametrize("name", ["blur", "noise", "brightness", "contrast", "saturation", "banding"])
def test_it_scores_other_damage_as_the_package_does(name: str, tmp_path: Path):
    reference = photograph(120, 90)
    version = DISTORTIONS[name].apply(reference, 12.0, np.random.default_rng(0))

    found = score(prepare(reference), prepare(version))

    assert found == pytest.approx(published(reference, version, tmp_path), abs=1e-3)


def test_either_way_is_the_mean_of_both_orders():
    first = photograph(120, 90)
    second = DISTORTIONS["blur"].apply(first, 12.0, np.random.default_rng(0))
    one, other = prepare(first), prepare(second)

    found = score_either_way(one, other)

    assert found == pytest.approx((score(one, other) + score(other, one)) / 2)
    assert found == score_either_way(other, one)
    assert score(one, other) != score(other, one)


def test_pictures_of_two_sizes_or_too_small_are_refused():
    with pytest.raises(ValueError, match="expected two pictures of one size, got 20 x 30 and 30 x 20"):
        score(prepare(photograph(20, 30)), prepare(photograph(30, 20)))
    with pytest.raises(ValueError, match="at least 8 pixels, got 7 x 30"):
        prepare(photograph(7, 30))
