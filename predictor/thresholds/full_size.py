"""Predict the codec quality at which people start to notice, for models that see every pixel they are shown.

What `delivery` does for models that resize to a known input: but there most of what a codec loses is lost by
that resize anyway, and content is read at 96 pixels. Here the picture is read at the size it is sent in, in
the two views of `FullSizeViewer`: how busy it is, octave by octave, and how much of it hides damage.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from calibration.image import Image
from predictor.artifact import ArtifactError, Part
from predictor.noticeability.bands import CHANNELS, MASKS, OCTAVES
from predictor.noticeability.known_references import KnownReferences
from predictor.noticeability.quick_bands import ReferenceMeasures
from predictor.own_thresholds import OwnThreshold
from predictor.thresholds.content_effect import (
    ContentEffect,
    EffectSettings,
    Trust,
    predict_level,
    read_effect,
    read_settings,
)
from predictor.thresholds.delivery import SCALES, Delivery, strength_of
from predictor.thresholds.notice_curve import NoticeCurve
from predictor.views import FullSizeViewer, reduce

FULL_SIZE: tuple[Delivery, ...] = ("jpeg", "webp")  # a smaller size is judged by whether the model shrinks it
_LEAST_POWER = 1e-6
READINGS = 2 * (OCTAVES * CHANNELS + 2 * OCTAVES * (len(MASKS) - 1) + CHANNELS) + 1

Floats = npt.NDArray[np.float32]
Curves = Callable[[Delivery, int], NoticeCurve]  # by delivery and the short side that is sent


class FullSizeDelivery:
    """The trained effects of content on what a codec may lose, at full size."""

    def __init__(
        self,
        effects: Mapping[Delivery, ContentEffect],
        settings: Mapping[Delivery, EffectSettings],
        references: KnownReferences | None = None,
    ) -> None:
        """`references` are shared with whoever else measures the pictures that are forecast."""
        self._effects = effects
        self._settings = settings
        self._references = KnownReferences() if references is None else references

    @classmethod
    def from_part(cls, part: Part, references: KnownReferences | None = None) -> "FullSizeDelivery":
        """Rebuild from an artifact's people part.

        Raises:
            ArtifactError: The arrays or settings are not those of this model.
        """
        try:
            return cls(
                {name: read_effect(part, f"sent {name}", READINGS) for name in FULL_SIZE},
                {name: read_settings(part.card["delivery"][name]) for name in FULL_SIZE},
                references,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"the people part does not fit this program: {error}") from error

    def curves(
        self,
        image: Image,
        own: Mapping[str, OwnThreshold],
        trust: Trust,
        viewer: FullSizeViewer | None = None,
    ) -> Curves:
        """Return how surely deliveries of a picture are noticed, each size read once.

        Args:
            image: As it is; it is shrunk to the sizes asked about.
            own: Thresholds of the model, by distortion.
            trust: How far to trust the prediction.
            viewer: Of the picture, where it is judged as well: what it measures is measured once.
        """
        short_side = min(image.width, image.height)

        @lru_cache(maxsize=8)
        def readings(short: int) -> Floats:
            scale = min(1.0, short / short_side)
            if scale == 1.0:
                return _readings(viewer or FullSizeViewer(image), self._references)
            small = reduce(image, max(1, round(scale * image.width)), max(1, round(scale * image.height)))
            return full_size_readings(small)

        def curve(name: Delivery, short: int) -> NoticeCurve:
            return predict_level(
                self._effects[name].of(readings(short)),
                self._settings[name],
                own=strength_of(name, own[name].level),
                scale=SCALES[name],
                trust=trust,
            ).curve

        return curve


def full_size_readings(image: Image) -> Floats:
    """Describe a picture at full size, (READINGS,)."""
    return _readings(FullSizeViewer(image), KnownReferences())


def _readings(viewer: FullSizeViewer, references: KnownReferences) -> Floats:
    measured = [references.measures_of(view) for view in viewer.reference_views]
    return np.concatenate([*map(_described, measured), [np.log(viewer.pixels)]]).astype(np.float32)


def _described(measures: ReferenceMeasures) -> Floats:
    """Return the power of every octave and channel, how much of each octave hides damage, the mean colour."""
    power = np.concatenate([np.log(octave.power + _LEAST_POWER) for octave in measures.octaves])
    masked = [np.asarray(weight)[..., 0] for octave in measures.octaves for weight in octave.weights[1:]]
    exposed = [np.log(weight.mean()) for weight in masked]
    quiet = [np.log(np.sqrt(weight).mean()) for weight in masked]
    return np.concatenate([power, exposed, quiet, measures.mean]).astype(np.float32)
