from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, encode_png
from calibration.stimuli.registry import DISTORTIONS
from predictor.learning.dataset import FAMILIES, NO_FAMILY
from predictor.learning.people.pairs import UNJUDGED, PairMaker, delivered

THRESHOLDS = dict.fromkeys(FAMILIES, 4.0)


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    pictures = {"a.png": data.astronaut()[:300, :260], "b.png": data.cat()[:260, :380]}
    for name, pixels in pictures.items():
        (tmp_path / name).write_bytes(encode_png(Image(np.ascontiguousarray(pixels))))
    return sorted(tmp_path.iterdir())


def test_pairs_are_of_one_size_and_as_many_as_wanted(photos: list[Path]):
    made = list(PairMaker(photos, THRESHOLDS).pairs(20, np.random.default_rng(0)))

    assert len(made) == 20
    for pair in made:
        assert pair.reference.pixels.shape == pair.distorted.pixels.shape
        assert min(pair.reference.width, pair.reference.height) >= 256
        assert pair.photo in {"a.png", "b.png"}
        if pair.family != NO_FAMILY:
            name = FAMILIES[pair.family]
            most = 128.0 if name in UNJUDGED else 16.0  # five octaves above the threshold, or two
            assert 1.0 <= pair.level <= min(most, DISTORTIONS[name].levels)


def test_the_same_seed_makes_the_same_pairs(photos: list[Path]):
    maker = PairMaker(photos, THRESHOLDS)

    one, other = (list(maker.pairs(8, np.random.default_rng(3))) for _ in range(2))

    assert all(
        np.array_equal(a.distorted.pixels, b.distorted.pixels) for a, b in zip(one, other, strict=True)
    )


def test_some_pictures_come_as_a_camera_leaves_them(photos: list[Path]):
    maker, rng = PairMaker(photos[:1], THRESHOLDS, whole=1.0), np.random.default_rng(0)
    as_stored = np.ascontiguousarray(data.astronaut()[:300, :260])

    drawn = [maker.picture(rng)[0].pixels for _ in range(40)]

    untouched = sum(np.array_equal(one, as_stored) for one in drawn)
    assert 10 <= untouched <= 25  # of 40: three quarters have no grain, six tenths no first JPEG


def test_photographs_may_all_be_shown_whole(photos: list[Path]):
    maker, rng = PairMaker(photos, THRESHOLDS, whole=1.0), np.random.default_rng(0)

    sizes = {(picture.width, picture.height) for picture, _ in (maker.picture(rng) for _ in range(12))}

    assert sizes == {(260, 300), (380, 260)}


def test_a_delivery_keeps_the_size_and_loses_something():
    picture = Image(np.ascontiguousarray(data.cat()[:200, :301]))

    sent = [delivered(picture, np.random.default_rng(seed)) for seed in range(6)]

    assert all(one.pixels.shape == picture.pixels.shape for one in sent)
    assert not any(np.array_equal(one.pixels, picture.pixels) for one in sent)
