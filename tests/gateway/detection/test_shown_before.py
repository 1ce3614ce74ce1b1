import cv2
import numpy as np
import pytest
from skimage import data

from calibration.image import Image
from gateway.detection.shown_before import was_shown

PAGE = data.chelsea()[:200, :300].copy()


def softer(pixels: np.ndarray) -> np.ndarray:
    changed = pixels.copy()
    changed[50:90, 50:90] -= np.minimum(changed[50:90, 50:90], 3)
    return changed


def captioned(pixels: np.ndarray) -> np.ndarray:
    changed = pixels.copy()
    changed[150:180, 20:200] = 255
    return changed


def seen(pixels: np.ndarray, captioned_too: bool = False) -> np.ndarray:
    places = np.zeros(pixels.shape[:2], np.bool_)
    places[150:180, 20:200] = captioned_too
    return places


def test_what_only_the_nearest_lacks_was_shown():
    newcomer, nearest = captioned(PAGE), captioned(softer(PAGE))

    assert was_shown(Image(newcomer), Image(nearest), seen(PAGE), [PAGE])


@pytest.mark.parametrize("levels", [1, 4])
@pytest.mark.parametrize("side", [2, 40])
def test_what_nobody_showed_was_not(levels: int, side: int):
    nearest = cv2.GaussianBlur(PAGE, (0, 0), 1)
    newcomer = PAGE.copy()
    newcomer[50 : 50 + side, 50 : 50 + side] ^= np.uint8(levels)

    assert was_shown(Image(PAGE), Image(nearest), seen(PAGE), [PAGE])
    assert not was_shown(Image(newcomer), Image(nearest), seen(PAGE), [PAGE, softer(PAGE)])


def test_what_is_hidden_in_something_that_an_earlier_version_did_not_show_was_not_shown():
    newcomer = captioned(PAGE)
    newcomer[160:170, 50:90] -= 2

    assert not was_shown(Image(newcomer), Image(captioned(PAGE)), seen(PAGE), [PAGE])


def test_each_half_shown_by_another_version_was_not_shown_by_one():
    newcomer, nearest = PAGE.copy(), PAGE.copy()
    nearest[::2] ^= 1
    first, second = PAGE.copy(), PAGE.copy()
    first[:100] ^= 3
    second[100:] ^= 3

    assert not was_shown(Image(newcomer), Image(nearest), seen(PAGE), [first, second])
    assert was_shown(Image(newcomer), Image(nearest), seen(PAGE), [first, second, PAGE])


def test_what_a_codec_stored_anew_beside_something_seen_is_not_asked():
    newcomer, nearest = captioned(PAGE), softer(PAGE)
    newcomer[146:150, 20:200] ^= 1

    assert was_shown(Image(newcomer), Image(nearest), seen(PAGE, captioned_too=True), [PAGE])


def test_where_nothing_differs_unseen_nothing_was_shown():
    assert not was_shown(Image(captioned(PAGE)), Image(PAGE), seen(PAGE, captioned_too=True), [PAGE])


def test_versions_of_another_size_tell_nothing():
    assert not was_shown(Image(PAGE), Image(softer(PAGE)), seen(PAGE), [PAGE[:100].copy()])
