import cv2
import numpy as np
import pytest
from skimage import data

from calibration.image import Image, resize
from gateway.detection.alignment import overlay

PHOTOGRAPH = data.astronaut()[:400, :400]


def error(laid, version):
    """Mean difference in grey levels where the two overlap."""
    return np.abs(laid.pixels.astype(float) - version)[laid.covered].mean()


def test_a_crop_is_laid_over_pixel_for_pixel():
    version = PHOTOGRAPH[13:390, 7:381]

    laid = overlay(Image(PHOTOGRAPH), Image(version))

    assert laid.is_exact
    assert np.array_equal(laid.pixels, version)


@pytest.mark.parametrize("side", [250, 330, 440])
def test_a_crop_that_was_resized_is_laid_over(side):
    version = resize(Image(PHOTOGRAPH[20:380, 30:390].copy()), side, side, "bicubic")

    laid = overlay(Image(PHOTOGRAPH), version)

    assert error(laid, version.pixels) < 2.5


@pytest.mark.parametrize("degrees", [-3, 1, 3])
def test_a_small_turn_is_followed(degrees):
    turn = cv2.getRotationMatrix2D((200, 200), degrees, 1.0)
    version = cv2.warpAffine(PHOTOGRAPH, turn, (400, 400), flags=cv2.INTER_CUBIC)[40:360, 40:360]

    laid = overlay(Image(PHOTOGRAPH), Image(version.copy()))

    assert error(laid, version) < 3.0


def test_a_page_that_scrolled_is_laid_over_where_it_is_still_seen():
    page = data.page()
    page = np.repeat(page[:, :, None], 3, axis=2)
    before, after = page[:150], page[30:180]

    laid = overlay(Image(before), Image(after))

    assert laid.covered[:115].mean() > 0.9
    assert not laid.covered[125:].any()
    assert error(laid, after) < 1.0


def test_another_picture_is_not_laid_over():
    assert overlay(Image(PHOTOGRAPH), Image(data.coffee()[:400, :400])) is None


def test_a_blank_picture_is_not_laid_over():
    blank = Image(np.full((200, 200, 3), 255, np.uint8))

    assert overlay(blank, blank) is None
