"""Are deliveries noticed no more often than forecast? The embedded model is asked about held-out pictures."""

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg
from calibration.known_profiles import resolve_profile
from calibration.observers.embedded.observer import load_embedded
from predictor.learning.dataset import FAMILIES, Pair
from predictor.learning.labelling import ObserverLabeller
from predictor.learning.thresholds.delivery_search import with_short_side
from predictor.predict import Predictor
from predictor.views import model_view

SIDE = 96
SHOWN = (data.chelsea(), data.coffee(), data.rocket(), data.stereo_motorcycle()[0])
# Quarters: more pictures, each still larger than the model's input.
PHOTOS = [
    Image(np.ascontiguousarray(quarter))
    for pixels in SHOWN
    for half in np.array_split(pixels, 2, axis=0)
    for quarter in np.array_split(half, 2, axis=1)
]


def pair(photo: Image, sent: Image, name: str) -> Pair:
    return Pair(model_view(photo, SIDE), model_view(sent, SIDE), "", FAMILIES.index(name), 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [0.05, 0.5])
def test_the_embedded_model_notices_no_more_deliveries_than_forecast(wanted: float):
    predictor, profile = Predictor.load(), resolve_profile("embedded")
    labeller = ObserverLabeller(load_embedded(None))
    forecasts = [predictor.forecast(photo, profile) for photo in PHOTOS]

    shrunk = [with_short_side(p, f.least_short_side(wanted)) for p, f in zip(PHOTOS, forecasts, strict=True)]
    qualities = [f.settings(wanted).jpeg_quality for f in forecasts]
    coded = [decode(encode_jpeg(p, q)).image for p, q in zip(PHOTOS, qualities, strict=True)]
    rates = {
        "rescale": labeller.label(
            [pair(p, s, "rescale") for p, s in zip(PHOTOS, shrunk, strict=True)]
        ).mean(),
        "jpeg": labeller.label([pair(p, s, "jpeg") for p, s in zip(PHOTOS, coded, strict=True)]).mean(),
    }

    assert all(0.2 * wanted < rate < wanted + 0.1 for rate in rates.values()), rates
