from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, encode_png
from calibration.stimuli.registry import DISTORTIONS
from predictor.learning.dataset import FAMILIES, NO_FAMILY, PairSet, photo_files
from predictor.learning.sampling import (
    label_pairs,
    made_up_models,
    pilot_thresholds,
    random_crop,
    sample_pairs,
)
from tests.predictor.masked_visibility import MaskedVisibility

THRESHOLDS = {name: distortion.levels / 8 for name, distortion in DISTORTIONS.items()}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for name in ("astronaut", "chelsea", "coffee"):
        (folder / f"{name}.png").write_bytes(encode_png(Image(getattr(data, name)())))
    return folder


@pytest.fixture(scope="module")
def answered(photos: Path) -> PairSet:
    pairs = sample_pairs(
        photo_files(photos), 120, thresholds=THRESHOLDS, side=96, rng=np.random.default_rng(0)
    )
    return label_pairs(pairs, MaskedVisibility())


def test_pairs_are_at_the_models_view_and_of_every_kind(answered: PairSet):
    assert answered.references.shape == answered.distorted.shape == (120, 96, 96, 3)
    assert len(set(answered.families.tolist()) - {NO_FAMILY}) >= 10
    assert (answered.families == NO_FAMILY).any()


def test_the_same_seed_makes_the_same_pairs(photos: Path):
    files = photo_files(photos)
    sets = [
        sample_pairs(files, 16, thresholds=THRESHOLDS, side=96, rng=np.random.default_rng(5))
        for _ in range(2)
    ]

    assert all(
        np.array_equal(first.distorted.pixels, second.distorted.pixels)
        for first, second in zip(*sets, strict=True)
    )


def test_made_up_models_keep_the_answer_at_a_shifted_level(photos: Path):
    rng = np.random.default_rng(1)
    pairs = sample_pairs(photo_files(photos), 60, thresholds=THRESHOLDS, side=96, rng=rng)
    answers = label_pairs(pairs, MaskedVisibility())

    shifted = made_up_models(pairs, answers, rng)

    assert shifted is not None
    levels = {round(pair.level, 4) for pair in pairs}
    for level, family, shift in zip(shifted.levels, shifted.families, shifted.shifts, strict=True):
        assert any(abs(level / np.exp(shift[family]) - known) < 1e-2 * known + 1e-3 for known in levels)


def test_the_pilot_finds_the_order_of_two_observers(photos: Path):
    keen, dull = (
        pilot_thresholds(
            photo_files(photos),
            MaskedVisibility(acuity=acuity),
            FAMILIES,
            side=96,
            rng=np.random.default_rng(0),
            crops=2,
        )
        for acuity in (0.6, 0.15)
    )

    assert all(keen[name] <= dull[name] for name in FAMILIES)
    assert keen["noise"] < dull["noise"]


def test_a_crop_is_square_and_within_the_photograph():
    photo = Image(np.zeros((40, 300, 3), np.uint8))

    crop = random_crop(photo, np.random.default_rng(0), least=96)

    assert crop.width == crop.height == 40
