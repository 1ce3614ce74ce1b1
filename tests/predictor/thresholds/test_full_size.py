import numpy as np
import pytest
import torch
from skimage import data

from calibration.image import Image
from calibration.profile import default_profile
from predictor.artifact import ArtifactError, Part, default_directory, read_part
from predictor.predict import Predictor
from predictor.thresholds.content_effect import Trust
from predictor.thresholds.full_size import READINGS, FullSizeDelivery, full_size_readings
from predictor.thresholds.profile_threshold import own_thresholds

BUSY = Image(np.ascontiguousarray(data.coffee()[:380, :560]))
FLAT = Image(np.full((380, 560, 3), 128, np.uint8))


@pytest.fixture(scope="module")
def delivery() -> FullSizeDelivery:
    return FullSizeDelivery.from_part(read_part(default_directory(), "people"))


@pytest.mark.parametrize(
    "image", [BUSY, FLAT, Image(np.zeros((1, 1, 3), np.uint8)), Image(np.zeros((9, 900, 3), np.uint8))]
)
def test_any_picture_has_finite_readings(image: Image):
    readings = full_size_readings(image)

    assert readings.shape == (READINGS,)
    assert np.isfinite(readings).all()


def test_more_strength_is_noticed_more_surely(delivery: FullSizeDelivery):
    curve = delivery.curves(BUSY, own_thresholds(default_profile()), Trust())("jpeg", 380)

    chances = [curve.notice_probability(strength) for strength in (5.0, 50.0, 100.0, 400.0)]

    assert chances == sorted(chances)
    assert chances[0] < 0.05 < chances[-1]


@pytest.mark.parametrize("codec", ["jpeg", "webp"])
def test_people_are_not_forecast_to_notice_all_but_the_best_quality(codec: str):
    predictor, profile = Predictor.load(), default_profile()

    qualities = [
        predictor.forecast(Image(np.ascontiguousarray(pixels)), profile).quality(codec, 300, 0.05)
        for pixels in (data.astronaut(), data.coffee(), data.chelsea(), data.cat())
    ]

    assert 55 < np.median(qualities) < 92
    assert max(qualities) <= 95
    assert len(set(qualities)) > 1


def test_a_part_without_qualities_is_refused():
    with pytest.raises(ArtifactError, match="people part does not fit"):
        FullSizeDelivery.from_part(Part({"x": torch.zeros(1)}, {}))
