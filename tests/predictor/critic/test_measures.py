import numpy as np
import pytest
from skimage import data

from calibration.image import Image
from predictor.critic.measures import GRID, MAPS, described_size, measure


@pytest.mark.parametrize("shape", [(16, 16), (17, 900), (1200, 30), (512, 384), (1030, 777)])
def test_every_picture_gives_the_same_finite_numbers(shape: tuple[int, int]):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)

    measures = measure(Image(pixels))

    assert measures.blocks.shape == (GRID, GRID, len(MAPS))
    assert measures.described().shape == (described_size(),)
    assert np.all(np.isfinite(measures.described()))


def test_maps_say_where_light_is():
    pixels = np.zeros((480, 480, 3), np.uint8)
    pixels[:240, :240] = 255

    light = measure(Image(pixels)).map("light")

    assert np.allclose(light[:6, :6], 1, atol=1e-3)
    assert np.allclose(light[6:, 6:], 0, atol=1e-3)


def test_noise_raises_the_noise_map():
    photograph = data.astronaut().astype(np.float64)
    noisy = np.clip(photograph + np.random.default_rng(0).normal(0, 12, photograph.shape), 0, 255)

    before, after = (measure(Image(pixels.astype(np.uint8))).map("noise_0") for pixels in (photograph, noisy))

    assert np.all(after > before)
