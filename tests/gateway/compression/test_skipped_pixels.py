import numpy as np
import pytest

from calibration.image import Image
from gateway.compression.skipped_pixels import blend_skipped
from gateway.providers.sizes import Size


@pytest.mark.parametrize(("step", "width", "height"), [(3, 900, 600), (3, 896, 601), (4, 1200, 800)])
def test_what_only_one_pixel_of_each_step_holds_is_shared_out(step, width, height):
    pixels = np.full((height, width, 3), 200, np.uint8)
    pixels[1::step, 1::step] = 20

    blended = blend_skipped(Image(pixels), Size(300, 200)).pixels

    inside = blended[step:-step, step:-step].astype(int)
    assert blended.shape == pixels.shape
    assert np.abs(inside - (200 - 180 / step**2)).max() <= 2


def test_where_no_pixel_is_skipped_the_picture_stays_as_it_is():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)

    assert np.array_equal(blend_skipped(Image(pixels), Size(60, 40)).pixels, pixels)
