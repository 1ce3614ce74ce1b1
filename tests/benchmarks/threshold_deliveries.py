"""Is what the forecast allows noticed as often as it says? The observer is asked about what would be sent.

Used by `thresholds`: every photograph is sent at the quality, or the size, forecast for a wanted rate, and
the observer compares what it then sees with what it would have seen. Rates are beyond its false alarms.
"""

from collections.abc import Sequence

from calibration.image import Image, decode, encode_jpeg, encode_webp
from calibration.profile import JndProfile
from predictor.learning.dataset import FAMILIES, Pair
from predictor.learning.labelling import ObserverLabeller
from predictor.learning.thresholds.delivery_search import with_short_side
from predictor.predict import CodecSettings, Predictor
from predictor.thresholds.delivery import Delivery
from predictor.views import model_view

RATES = (0.05, 0.2, 0.5)
INPUT_MULTIPLES = (1, 2, 5)  # of the model's input: short sides at which pictures are sent


def delivered_rates(
    photos: Sequence[Image], predictor: Predictor, profile: JndProfile, labeller: ObserverLabeller
) -> dict[str, dict[str, float]]:
    """Return the rates observed, by delivery and size, beside those wanted."""
    side = profile.input_side or 96
    alarms = labeller.label([seen(photo, photo, side, "rescale") for photo in photos]).mean()

    def rate(pairs: Sequence[Pair]) -> float:
        return round(float((labeller.label(pairs).mean() - alarms) / (1 - alarms)), 4)

    found: dict[str, dict[str, float]] = {"size": {}}
    for wanted in RATES:
        smaller = [
            with_short_side(photo, predictor.forecast(photo, profile).least_short_side(wanted))
            for photo in photos
        ]
        found["size"][str(wanted)] = rate(
            [seen(photo, sent, side, "rescale") for photo, sent in zip(photos, smaller, strict=True)]
        )
    for multiple in INPUT_MULTIPLES:
        sized = [with_short_side(photo, multiple * side) for photo in photos]
        for name in ("jpeg", "webp"):
            found[f"{name} at {multiple} x input"] = {
                str(wanted): rate(
                    [
                        seen(
                            one,
                            encoded(one, name, predictor.forecast(one, profile).settings(wanted)),
                            side,
                            name,
                        )
                        for one in sized
                    ]
                )
                for wanted in RATES
            }
    return found


def encoded(picture: Image, name: Delivery, settings: CodecSettings) -> Image:
    """Encode and decode as forecast."""
    if name == "jpeg":
        return decode(encode_jpeg(picture, settings.jpeg_quality)).image
    return decode(encode_webp(picture, settings.webp_quality, effort=2)).image


def seen(picture: Image, sent: Image, side: int, name: Delivery) -> Pair:
    """Show both as the model sees them."""
    return Pair(model_view(picture, side), model_view(sent, side), "", FAMILIES.index(name), 1.0)
