import cv2
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


def test_what_is_measured_in_strips_is_what_whole_maps_average_to():
    pixels = np.ascontiguousarray(data.astronaut()[:333, :411])

    measures = measure(Image(pixels))

    light = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32) / 255
    down = np.abs(light[1:] - light[:-1])
    noise = np.abs(cv2.filter2D(light, -1, np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6))
    for name, whole in (("light", light), ("down_0", down), ("noise_0", noise)):
        edges = [np.linspace(0, side, GRID + 1) for side in whole.shape]
        expected = [
            [_mean(whole, *edges[0][row : row + 2], *edges[1][column : column + 2]) for column in range(GRID)]
            for row in range(GRID)
        ]
        assert np.allclose(measures.map(name), expected, atol=1e-4), name


def _mean(plane: np.ndarray, top: float, bottom: float, left: float, right: float) -> float:
    """Average over a rectangle whose edges may cut pixels."""
    rows, columns = (
        np.clip(np.minimum(high, np.arange(size) + 1) - np.maximum(low, np.arange(size)), 0, 1)
        for low, high, size in ((top, bottom, plane.shape[0]), (left, right, plane.shape[1]))
    )
    return float(rows @ plane @ columns / (rows.sum() * columns.sum()))


def test_levels_say_which_light_a_share_of_the_picture_stays_below():
    pixels = np.zeros((100, 100, 3), np.uint8)
    pixels[:, 40:] = 200

    assert measure(Image(pixels)).levels == pytest.approx(
        [0, 0, 0, 200 / 255, 200 / 255, 200 / 255, 200 / 255]
    )
