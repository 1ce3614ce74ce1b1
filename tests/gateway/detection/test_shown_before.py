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


def test_what_only_the_nearest_lacks_was_shown():
    newcomer, nearest = captioned(PAGE), captioned(softer(PAGE))

    assert was_shown(Image(newcomer), Image(nearest), [PAGE])


@pytest.mark.parametrize("levels", [1, 4])
def test_what_nobody_showed_was_not(levels: int):
    code = np.random.default_rng(0).integers(0, 2, (40, 40, 1), np.uint8) * np.uint8(levels)
    newcomer = captioned(PAGE)
    newcomer[50:90, 50:90] ^= code

    assert not was_shown(Image(newcomer), Image(captioned(PAGE)), [PAGE, softer(PAGE)])


def test_what_is_hidden_in_something_that_an_earlier_version_did_not_show_was_not_shown():
    newcomer = captioned(PAGE)
    newcomer[160:170, 50:90] -= 2

    assert not was_shown(Image(newcomer), Image(captioned(PAGE)), [PAGE])


def test_each_half_shown_by_another_version_was_not_shown_by_one():
    newcomer, nearest = PAGE.copy(), PAGE.copy()
    nearest[::2] ^= 1
    first, second = PAGE.copy(), PAGE.copy()
    first[:100] ^= 3
    second[100:] ^= 3

    assert not was_shown(Image(newcomer), Image(nearest), [first, second])
    assert was_shown(Image(newcomer), Image(nearest), [first, second, PAGE])


def test_versions_of_another_size_tell_nothing():
    assert not was_shown(Image(PAGE), Image(softer(PAGE)), [PAGE[:100].copy()])
