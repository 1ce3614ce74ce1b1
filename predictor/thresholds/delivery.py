"""Predict how a picture may be sent so that the model does not notice: JPEG and WebP quality, and size.

Unlike `model`, which speaks of damage done at the model's view, this is about the picture as it is sent:
what a codec or a smaller size loses is mostly lost by the model's own resize anyway. How much larger than the
model's input the picture is therefore decides, and its content only then. A model whose input is unknown is
taken to see every pixel that is sent.

Strength of a delivery: for JPEG the percentage of the standard quantisation tables, for WebP the step of its
AC coefficients, for rescaling the model's input side over the short side that is kept.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from calibration.profile import JndProfile
from calibration.stimuli.low_level import blur_sigma
from predictor.artifact import Part
from predictor.own_thresholds import OwnThreshold
from predictor.thresholds.content import POOLED, STATISTICS, Content, readings_of
from predictor.thresholds.content_effect import (
    ContentEffect,
    EffectSettings,
    Scale,
    Trust,
    predict_level,
    read_effect,
    read_settings,
)
from predictor.thresholds.notice_curve import NoticeCurve
from predictor.thresholds.profile_threshold import profile_threshold

Delivery = Literal["jpeg", "webp", "rescale"]
DELIVERIES: tuple[Delivery, ...] = ("jpeg", "webp", "rescale")
CODECS: Mapping[str, Delivery] = {"jpeg": "jpeg", "webp": "webp"}  # by their names in `calibration.encoders`

LARGEST_RATIO = 6.0  # of the picture to the model's input: beyond it nothing was learned, and less is lost
LEAST_SHRINKING, STRONGEST_SHRINKING = 0.25, 6.0
SCALES: Mapping[Delivery, Scale] = {
    "jpeg": Scale(0.5, 5000.0),
    "webp": Scale(4.0, 284.0),
    "rescale": Scale(LEAST_SHRINKING, STRONGEST_SHRINKING),
}
# The distortion whose threshold stands for the model's own: a smaller size shows as blur.
_JUDGED_BY: Mapping[Delivery, str] = {"jpeg": "jpeg", "webp": "webp", "rescale": "blur"}

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class CodecSettings:
    """What a compressor may do to a picture, each alone."""

    jpeg_quality: int
    webp_quality: int
    scale: float  # of either side


@dataclass(frozen=True)
class KnownModel:
    """What is known of the model a picture is sent to."""

    profile: JndProfile
    own: Mapping[str, OwnThreshold]  # by distortion


class DeliveryModel:
    """The trained effects of content and size on what may be lost on the way."""

    def __init__(
        self,
        effects: Mapping[Delivery, ContentEffect],
        settings: Mapping[Delivery, EffectSettings],
    ) -> None:
        self._effects = effects
        self._settings = settings

    @classmethod
    def from_part(cls, part: Part) -> "DeliveryModel":
        """Rebuild from an artifact's thresholds part.

        Raises:
            KeyError: An array or setting is missing.
            TypeError: A setting is of another kind.
            ValueError: They do not fit this model.
        """
        settings = {name: read_settings(part.card["delivery"][name]) for name in DELIVERIES}
        return cls(
            {name: read_effect(part, f"sent {name}", delivery_readings_of(name)) for name in DELIVERIES},
            settings,
        )

    def curve(
        self, name: Delivery, content: Content, known: KnownModel, short_side: int, trust: Trust
    ) -> NoticeCurve:
        """Predict how surely a delivery of a picture of this size is noticed, by its strength."""
        return predict_level(
            self._effects[name].of(delivery_readings(content, name, ratio_of(short_side, known.profile))),
            self._settings[name],
            own=strength_of(name, known.own[_JUDGED_BY[name]].level),
            scale=SCALES[name],
            trust=trust,
        ).curve


class DeliveryForecast:
    """One picture and one model, ready to say how it may be sent."""

    def __init__(
        self, curve: Callable[[Delivery, int], NoticeCurve], *, input_side: int | None, short_side: int
    ) -> None:
        """`curve` says how surely a delivery of this short side is noticed; `short_side` is the picture's."""
        self._curve = curve
        self._input_side = input_side
        self._short_side = short_side

    def knows(self, codec: str) -> bool:
        """Tell whether the quality of this codec can be forecast."""
        return codec in CODECS

    def quality(self, codec: str, short_side: int, probability: float) -> int:
        """Return the codec's lowest quality noticed with no more than this probability, at a given size.

        Raises:
            LookupError: Nothing was learned of this codec; see `knows`.
            ValueError: The probability is not strictly between 0 and 1.
        """
        name = CODECS[codec]
        return quality_of(name, self._strength(name, short_side, probability))

    def least_short_side(self, probability: float) -> int:
        """Return the short side to which the picture may be shrunk; its own where the input is unknown.

        Raises:
            ValueError: The probability is not strictly between 0 and 1.
        """
        if not 0 < probability < 1:
            raise ValueError(f"expected a probability between 0 and 1, got {probability}")
        if self._input_side is None:
            return self._short_side
        strength = self._strength("rescale", self._short_side, probability)
        return max(1, min(self._short_side, math.ceil(self._input_side / strength)))

    def size_probability(self, short_side: int) -> float:
        """Return how surely it is noticed that the picture was shrunk to this short side, nothing else."""
        if self._input_side is None or short_side >= self._short_side:
            return 0.0
        return self._curve("rescale", self._short_side).notice_probability(self._input_side / short_side)

    def settings(self, probability: float) -> CodecSettings:
        """Return what may be done to the picture at its own size, each alone.

        Raises:
            ValueError: The probability is not strictly between 0 and 1.
        """
        return CodecSettings(
            jpeg_quality=self.quality("jpeg", self._short_side, probability),
            webp_quality=self.quality("webp", self._short_side, probability),
            scale=self.least_short_side(probability) / self._short_side,
        )

    def _strength(self, name: Delivery, short_side: int, probability: float) -> float:
        return self._curve(name, short_side).level_at(probability)


def ratio_of(short_side: int, profile: JndProfile) -> float:
    """Return how much larger than the model's input the picture is, within what training saw."""
    if profile.input_side is None:
        return 1.0
    return min(max(short_side / profile.input_side, 1.0), LARGEST_RATIO)


def delivery_readings_of(name: Delivery) -> int:
    """Return how many numbers describe a picture of a certain size for a delivery."""
    return readings_of(name) + 2 + len(_totals(np.zeros(readings_of(name), dtype=np.float32)))


def delivery_readings(content: Content, name: Delivery, ratio: float) -> Floats:
    """Return the content's readings, the size's, and what of the content counts less at a larger size."""
    described, log_ratio = content.described(name), np.float32(math.log(ratio))
    return np.concatenate([described, [log_ratio, log_ratio**2], log_ratio * _totals(described)])


def own_strength(profile: JndProfile, name: Delivery) -> float:
    """Return the strength a model notices at its own view, in the mean over pictures."""
    return strength_of(name, profile_threshold(profile, _JUDGED_BY[name]))


def strength_of(name: Delivery, level: float) -> float:
    """Return the strength of a level of the distortion by which a delivery is judged."""
    if name == "rescale":
        return blur_sigma(level)
    strength = jpeg_strength(101 - level) if name == "jpeg" else webp_strength(100 - 2 * level)
    return max(SCALES[name].least, strength)


def jpeg_strength(quality: float) -> float:
    """Return the percentage of the standard tables: IJG's `jpeg_quality_scaling`, in libjpeg's jcparam.c."""
    return 5000.0 / max(quality, 1.0) if quality < 50 else 200.0 - 2.0 * quality


def webp_strength(quality: float) -> float:
    """Return about the step of the AC coefficients: libwebp's `QualityToCompression`, its table fitted."""
    share = max(quality, 0.0) / 100.0
    linear = share * 2.0 / 3.0 if share < 0.75 else 2.0 * share - 1.0
    index = 1.0 - math.cbrt(linear)  # of 127
    return 4.0 + 127.0 * index + 153.0 * max(0.0, (index - 0.43) / 0.57) ** 2


def quality_of(name: Delivery, strength: float) -> int:
    """Return the lowest quality no stronger than this; the highest where all are."""
    strengths = _strengths(name)
    return next((quality for quality, found in strengths if found <= strength + 1e-9), strengths[-1][0])


@lru_cache(maxsize=2)
def _strengths(name: Delivery) -> list[tuple[int, float]]:
    """List every quality with its strength, lowest quality first."""
    if name == "jpeg":
        return [(quality, jpeg_strength(quality)) for quality in range(1, 101)]
    return [(quality, webp_strength(quality)) for quality in range(101)]


def _totals(described: Floats) -> Floats:
    """Pick each field's response over all bands: the last two numbers of every ten."""
    return described[STATISTICS:].reshape(-1, POOLED)[:, -2:].ravel()
