import struct

import numpy as np
import pytest

from calibration.image import decode
from calibration.metadata_blocks import find_blocks
from gateway.detection.two_readings import odd_gamma, odd_profile
from tests.gateway.detection.container_files import CAT, CUP, opened, profile_with_gamma, saved, with_chunk

OTHER = np.asarray(opened(CUP).resize(CAT.shape[1::-1]))


def woven(exponent: float, share: float = 0.25) -> np.ndarray:
    """Store another picture so dark that a curve lifts it, between pixels of the cat."""
    dark = np.rint(255 * (0.7 * OTHER / 255.0) ** (1 / exponent)).astype(np.uint8)
    is_kept = np.random.default_rng(1).random(CAT.shape[:2]) < share
    return np.where(is_kept[..., None], CAT, dark)


def is_odd(pixels: np.ndarray, gamma: float) -> bool:
    data = with_chunk(saved(pixels, "PNG"), b"gAMA", struct.pack(">I", round(gamma * 100_000)))
    return odd_gamma(find_blocks(data), pixels)


@pytest.mark.parametrize("gamma", [2.2, 2.9])
def test_a_picture_that_a_gamma_lifts_from_between_the_pixels_of_another_is_odd(gamma: float):
    assert is_odd(woven(1 / (gamma * 2.2)), gamma)


@pytest.mark.parametrize("gamma", [0.16, 0.3, 0.45455, 0.55, 1.0, 1.8, 2.2, 2.9])
@pytest.mark.parametrize("shown", [CAT, CUP], ids=["cat", "cup"])
def test_any_other_picture_is_shaded_by_a_gamma_and_no_more(shown: np.ndarray, gamma: float):
    dithered = np.asarray(opened(shown).convert("1").convert("RGB"))

    assert not is_odd(shown, gamma)
    assert not is_odd(dithered, gamma)


@pytest.mark.parametrize("gamma", [0.01, 5.0])
def test_a_gamma_that_no_device_has_is_odd_whatever_is_shown(gamma: float):
    assert is_odd(CAT, gamma)


@pytest.mark.parametrize("orientation", [1, 6, 7])
def test_a_profile_weaves_as_a_gamma_does(orientation: int):
    def trick(pixels: np.ndarray, gamma: float) -> str | None:
        tags = opened(pixels).getexif()
        tags[0x0112] = orientation
        data = saved(pixels, "PNG", icc_profile=profile_with_gamma(gamma), exif=tags)
        return odd_profile(decode(data), find_blocks(data))

    assert trick(woven(0.35, 0.3), 0.35) is not None
    assert trick(CAT, 1.0) is None
    assert trick(CAT, 1.8) is None
