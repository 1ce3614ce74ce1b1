import numpy as np
import pytest

from calibration.image import Image
from gateway.compression.shrinkage import shrink_noise


def _squares() -> np.ndarray:
    """Dark letters' worth of edges on a light ground."""
    picture = np.full((96, 128, 3), 210, np.uint8)
    picture[20:40, 20:30], picture[50:53, 30:100] = (30, 40, 60), (150, 30, 30)
    return picture


@pytest.mark.parametrize("eps", [2, 4, 8])
def test_noise_of_attacks_is_taken_out_of_smooth_ground(eps):
    noise = np.random.default_rng(eps).choice([-eps, eps], (96, 128, 3))
    noisy = Image((150 + noise).astype(np.uint8))

    left = shrink_noise(noisy, eps).pixels.astype(float) - 150

    assert left.std() < 0.4 * eps


def test_edges_and_thin_lines_stay():
    picture = _squares()

    change = np.abs(shrink_noise(Image(picture), 2).pixels.astype(int) - picture)

    assert change.mean() < 1
    assert change.max() < 40  # of 60 to 180 grey levels


def test_a_picture_without_detail_stays_as_it_is():
    flat = Image(np.full((30, 40, 3), (200, 90, 40), np.uint8))

    assert np.abs(shrink_noise(flat, 8).pixels.astype(int) - flat.pixels).max() <= 1


def test_strips_leave_no_seams():
    noise = np.random.default_rng(0).integers(0, 255, (1100, 40, 3)).astype(np.uint8)

    whole = shrink_noise(Image(noise), 4).pixels
    below = shrink_noise(Image(noise[500:].copy()), 4).pixels

    assert np.array_equal(whole[520:], below[20:])


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (3, 2)])
def test_the_smallest_pictures_keep_their_size(size):
    picture = Image(np.zeros((*size, 3), np.uint8))

    assert shrink_noise(picture, 4).pixels.shape == picture.pixels.shape


def test_without_noise_a_picture_stays_as_it_is():
    picture = Image(np.random.default_rng(0).integers(0, 255, (40, 50, 3)).astype(np.uint8))

    assert np.array_equal(shrink_noise(picture, 0).pixels, picture.pixels)
