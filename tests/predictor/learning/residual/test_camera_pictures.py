import numpy as np
import pytest
from skimage import data

from calibration.image import Image
from predictor.learning.residual.camera_pictures import photograph_again
from predictor.residual.features import choose_tiles, measure_tiles


def measure(pixels, name):
    measured = measure_tiles(choose_tiles(Image(pixels)))
    return float(measured.values[:, measured.names.index(name)].mean())


@pytest.mark.parametrize("seed", range(8))
def test_developing_keeps_the_colours_in_place(seed):
    picture = np.full((256, 256, 3), (200, 120, 60), dtype=np.uint8)

    developed = photograph_again(picture, np.random.default_rng(seed))

    assert developed.mean(axis=(0, 1)) == pytest.approx([200, 120, 60], abs=6)


def test_developed_noise_is_unequal_between_colours_where_an_added_pattern_is_not():
    grey = np.full((400, 400, 3), 120, dtype=np.uint8)
    pattern = np.random.default_rng(0).choice([-5, 5], grey.shape)
    developed = [photograph_again(grey, np.random.default_rng(seed)) for seed in range(6)]

    camera = [measure(pixels, "gain_spread") for pixels in developed]

    assert np.median(camera) > measure((grey + pattern).astype(np.uint8), "gain_spread") + 0.05


@pytest.mark.parametrize("side", [48, 130])
def test_small_pictures_are_developed_without_shrinking_below_a_tile(side):
    picture = np.ascontiguousarray(data.astronaut()[:side, : side + 2])

    developed = photograph_again(picture, np.random.default_rng(0))

    assert min(developed.shape[:2]) >= min(side, 96)


def test_the_same_seed_takes_the_same_photograph():
    first, second = (photograph_again(data.coffee(), np.random.default_rng(4)) for _ in range(2))

    assert np.array_equal(first, second)
