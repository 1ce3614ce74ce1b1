import numpy as np
import pytest

from calibration.image import Image, decode, encode_png
from calibration.image_source import DecodeLimits, ImageError
from gateway.review.drawing import Drawings, amplified_difference, amplified_noise


def smooth(height: int = 120, width: int = 160) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows, columns, rows + columns], axis=2).clip(0, 255).astype(np.uint8)


def test_noise_nobody_sees_is_made_visible_where_it_is():
    pixels = smooth()
    signs = np.random.default_rng(1).choice([-2, 2], size=(60, 80, 3))
    pixels[:60, :80] = (pixels[:60, :80].astype(int) + signs).clip(0, 255)

    shown = amplified_noise(Image(pixels)).image.pixels.astype(int)

    assert np.abs(shown[8:50, 8:70] - 128).mean() > 40
    assert np.abs(shown[70:, 90:] - 128).mean() < 12


def test_pictures_that_agree_are_even_grey():
    found = amplified_difference(smooth(), smooth())

    assert set(np.unique(found.image.pixels)) == {128}


def test_a_large_picture_keeps_its_faintest_dots():
    pixels = np.full((2600, 3000, 3), 90, np.uint8)
    other = pixels.copy()
    other[1300, 1500] = 92

    found = amplified_difference(pixels, other)

    assert max(found.image.pixels.shape[:2]) <= 1200
    assert found.image.pixels.min() < 128 and found.gain > 1


def test_a_thumbnail_is_small_and_drawn_once(catch):
    drawings = Drawings(DecodeLimits(), 1_000_000)
    flag, data = catch().flag, encode_png(Image(smooth(900, 600)))

    first = drawings.draw("thumbnail", data, flag)

    shown = decode(first.data).image
    assert (shown.width, shown.height) == (128, 192) and first.media_type == "image/jpeg"
    assert drawings.draw("thumbnail", data, flag) is first


def test_what_is_no_picture_cannot_be_drawn(catch):
    with pytest.raises(ImageError):
        Drawings(DecodeLimits(), 1000).draw("picture", b"nonsense", catch().flag)
