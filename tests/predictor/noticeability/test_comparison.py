import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg
from calibration.known_profiles import resolve_profile
from calibration.profile import default_profile
from predictor.noticeability.comparison import beyond
from predictor.predict import Predictor

PHOTO = Image(np.ascontiguousarray(data.coffee()[:300, :400]))


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load()


def test_false_alarms_are_taken_off():
    assert beyond(0.02, 0.02) == 0.0
    assert beyond(0.01, 0.02) == 0.0
    assert beyond(1.0, 0.02) == 1.0


@pytest.mark.parametrize("model", ["embedded", "default"])
def test_a_comparison_says_what_the_one_door_says(predictor: Predictor, model: str):
    profile, version = resolve_profile(model), decode(encode_jpeg(PHOTO, 40)).image

    comparison = predictor.against(PHOTO, profile)

    (found,) = comparison.notice_each([version])
    assert found == predictor.notice(PHOTO, version, profile)
    assert comparison.excess(version) == predictor.excess(found, profile)
    assert comparison.excess(PHOTO) == 0.0


def test_where_people_would_look_is_still_told(predictor: Predictor):
    pixels = PHOTO.pixels.copy()
    pixels[40:90, 300:360] = 255 - pixels[40:90, 300:360]

    found = predictor.against(PHOTO, default_profile()).explain(Image(pixels))

    assert found is not None
