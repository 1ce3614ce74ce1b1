import numpy as np
import pytest
from skimage.data import astronaut

from calibration.cut_short import decode_cut_short
from calibration.image import decode
from calibration.image_source import DecodeLimits
from tests.calibration.broken_files import saved

PIXELS = astronaut()[:320, :200]
BASELINE = saved(PIXELS, "JPEG", quality=90)
PROGRESSIVE = saved(PIXELS, "JPEG", quality=90, progressive=True)


@pytest.mark.parametrize("data", [BASELINE, PROGRESSIVE])
def test_what_is_there_is_shown(data: bytes):
    shown = decode_cut_short(data[: int(0.6 * len(data))], DecodeLimits())

    assert shown is not None
    whole = decode(data).image.pixels.astype(int)
    assert np.abs(shown.image.pixels[:96].astype(int) - whole[:96]).mean() < 12


@pytest.mark.parametrize("data", [b"", BASELINE, saved(PIXELS, "PNG")[:2000], BASELINE[:100]])
def test_of_what_is_whole_or_shows_nothing_there_is_no_half_picture(data: bytes):
    assert decode_cut_short(data, DecodeLimits()) is None


def test_limits_are_kept():
    assert decode_cut_short(BASELINE[:-2000], DecodeLimits(max_pixels=1000)) is None
