import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg
from gateway.detection.stored_again import SAMPLINGS, stored_as_jpeg

CAT = data.chelsea()


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_what_is_stored_again_changes_less_the_finer_it_is_and_hardly_a_second_time(sampling: int):
    coarse, fine = (stored_as_jpeg(CAT, quality, sampling) for quality in (60, 95))
    again = stored_as_jpeg(coarse, 60, sampling)

    def apart(first: np.ndarray, second: np.ndarray) -> float:
        return float(np.abs(first.astype(int) - second).mean())

    assert apart(fine, CAT) < apart(coarse, CAT)
    assert apart(again, coarse) < 0.5 * apart(coarse, CAT)


def test_a_part_of_a_picture_may_be_stored():
    part = CAT[4:100, 4:200]

    assert stored_as_jpeg(part, 90, SAMPLINGS[0]).shape == part.shape


def test_colours_keep_their_order():
    red = np.full((32, 32, 3), (200, 20, 10), np.uint8)

    assert np.abs(stored_as_jpeg(red, 95, SAMPLINGS[1]).astype(int) - red).max() <= 3
    assert np.abs(decode(encode_jpeg(Image(red), 95)).image.pixels.astype(int) - red).max() <= 3
