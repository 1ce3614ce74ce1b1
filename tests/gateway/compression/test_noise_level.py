import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg
from gateway.compression.noise_level import LEAST_LEVEL, noise_level


def _smooth(height: int = 240, width: int = 320) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows / 2, columns / 3, (rows + columns) / 4], axis=2) + 40


def _noisy(picture: np.ndarray, eps: int) -> Image:
    """Add signs in blobs of three pixels, as attacks through a model's resize leave them."""
    height, width = picture.shape[:2]
    signs = np.random.default_rng(eps).choice([-eps, eps], (height // 3 + 1, width // 3 + 1, 3))
    noise = signs.repeat(3, axis=0).repeat(3, axis=1)[:height, :width]
    return Image((picture + noise).clip(0, 255).astype(np.uint8))


def test_it_grows_with_the_strength_of_an_attack():
    weak, middle, strong = (noise_level(_noisy(_smooth(), eps)) for eps in (2, 4, 8))

    assert 1 < weak < 4
    assert middle == pytest.approx(2 * weak, rel=0.15)
    assert strong == pytest.approx(4 * weak, rel=0.15)


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket"])
def test_photographs_have_none_and_the_attacked_have_some(name):
    stored = decode(encode_jpeg(Image(np.ascontiguousarray(getattr(data, name)())), 90)).image

    assert noise_level(stored) == 0
    assert noise_level(_noisy(stored.pixels.astype(float), 4)) > LEAST_LEVEL


def test_drawings_with_texture_in_places_have_none():
    drawing = np.full((160, 160, 3), 230, np.uint8)
    drawing[40:80, 40:80] = np.random.default_rng(0).integers(0, 255, (40, 40, 3))

    assert noise_level(Image(drawing)) == 0


@pytest.mark.parametrize("size", [(1, 1), (15, 400), (16, 16)])
def test_what_is_too_small_or_flat_has_none(size):
    assert noise_level(Image(np.full((*size, 3), 90, np.uint8))) == 0
