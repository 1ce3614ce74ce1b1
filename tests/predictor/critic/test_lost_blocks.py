import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg
from predictor.critic.lost_blocks import lost_blocks


def _with_squares(side: int) -> np.ndarray:
    pixels = data.astronaut().copy()
    for left, colour in ((40, (250, 20, 30)), (200, (10, 200, 60)), (330, (60, 40, 220))):
        pixels[100 : 100 + side, left : left + side] = colour
    return pixels


@pytest.mark.parametrize("side", [16, 32])
def test_squares_of_one_colour_are_measured(side: int):
    assert (lost_blocks(_with_squares(side)) > lost_blocks(data.astronaut()) + 0.2).all()


def test_large_ones_are_measured_through_a_codec():
    stored = decode(encode_jpeg(Image(_with_squares(32)), 90, full_chroma=True)).image.pixels

    assert (lost_blocks(stored) > lost_blocks(data.astronaut()) + 1).all()


def test_what_is_white_or_black_or_grey_is_no_lost_colour():
    page = np.full((200, 200, 3), 255, np.uint8)
    page[:80] = 0
    grey = np.full((200, 200, 3), 128, np.uint8)

    assert lost_blocks(page).max() == 0
    assert lost_blocks(grey)[1] == lost_blocks(grey)[3] == 0


def test_a_smooth_sky_is_hardly_of_one_colour():
    rng = np.random.default_rng(0)
    sky = np.linspace((90, 140, 220), (160, 190, 240), 300)[:, None] + rng.normal(0, 0.7, (300, 400, 3))

    assert lost_blocks(sky.round().astype(np.uint8))[:2].max() < 0.1
