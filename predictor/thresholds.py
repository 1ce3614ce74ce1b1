"""How far can a distortion go on this picture before the model notices? Answered in one pass, no level tried.

The threshold of a picture is the model's own, from its profile, times the exponential of what the picture's
content does to it (`content`); so a model unknown to training is served by its profile alone. The interval is
conformal: how far the observers' thresholds lay from the prediction on pictures the fit had not seen.

A level means what it means in the profile: damage done at the size the model sees. Judging a given pair of
pictures is the matter of `noticeability`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration.image import Image
from calibration.profile import JndProfile, Status, default_profile
from calibration.stimuli.registry import DISTORTIONS
from predictor.artifact import ArtifactError, Part
from predictor.content import read_content, readings_of
from predictor.threshold_range import strongest_level

Floats = npt.NDArray[np.float32]

_HALF = math.log(2.0)
_LEVELS_PER_UNIT = 64  # of ln level: resolution of `level_at`


@dataclass(frozen=True)
class PredictedThreshold:
    """Where one model starts to notice one distortion on one picture.

    `level` may lie beyond the distortion's strongest level: the model then hardly notices even that one.
    """

    distortion: str
    level: float  # at which the model says "different" halfway between its floor and its ceiling
    low: float  # 95 % interval of the model's own threshold on this picture, levels
    high: float
    unit_value: float  # physical strength at `level`, or at the strongest level if that is less
    basis: Status  # of the profile's threshold; where it is `unmeasurable` the others stand in
    spread: tuple[float, ...]  # ln(threshold over `level`) at evenly spaced quantiles
    steepness: float  # Weibull exponent of noticing within one picture

    @property
    def is_beyond_scale(self) -> bool:
        """Whether even the strongest level stays below the threshold."""
        return self.level > strongest_level(self.distortion)

    def notice_probability(self, level: float) -> float:
        """Return P(notice) at a level, beyond false alarms, the threshold's uncertainty averaged over."""
        return float(self._chances(np.log(np.array([max(level, 1e-9)])))[0])

    def level_at(self, probability: float) -> float:
        """Return the level noticed with this probability beyond false alarms, within the scale.

        Raises:
            ValueError: The probability is not strictly between 0 and 1.
        """
        if not 0 < probability < 1:
            raise ValueError(f"expected a probability between 0 and 1, got {probability}")
        reach = max(-self.spread[0], self.spread[-1]) + 12.0 / self.steepness
        offsets = np.linspace(-reach, reach, int(2 * reach * _LEVELS_PER_UNIT) + 2)
        chances = self._chances(math.log(self.level) + offsets)
        offset = float(np.interp(probability, chances, offsets))
        return min(self.level * math.exp(offset), strongest_level(self.distortion))

    def unit_at(self, probability: float) -> float:
        """Return the physical strength noticed with this probability, such as a JPEG quality.

        Raises:
            ValueError: The probability is not strictly between 0 and 1.
        """
        return DISTORTIONS[self.distortion].unit_value(self.level_at(probability))

    def _chances(self, log_levels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Average Weibull functions over the spread: (n,) -> (n,)."""
        ratios = log_levels[:, None] - math.log(self.level) - np.array(self.spread)[None, :]
        powers = np.exp(np.clip(self.steepness * ratios, -50.0, 10.0))
        return np.asarray(-np.expm1(-_HALF * powers).mean(axis=1))


@dataclass(frozen=True)
class CodecSettings:
    """What a compressor may do to a picture of the size the model sees, each alone."""

    jpeg_quality: int
    webp_quality: int
    scale: float  # of either side


def codec_settings(predicted: Mapping[str, PredictedThreshold], probability: float) -> CodecSettings:
    """Return the lowest qualities and scale noticed with no more than this probability.

    Raises:
        ValueError: The probability is not strictly between 0 and 1.
    """
    return CodecSettings(
        jpeg_quality=int(predicted["jpeg"].unit_at(probability)),
        webp_quality=int(predicted["webp"].unit_at(probability)),
        scale=predicted["rescale"].unit_at(probability),
    )


@dataclass(frozen=True, eq=False)
class ContentEffect:
    """ln(threshold of a picture over the profile's) for one family: linear in what was read off the picture.

    Readings are kept within what training saw, so that a strange picture cannot be predicted beyond it.
    """

    least: Floats  # (readings,)
    most: Floats
    center: Floats
    spread: Floats
    weights: Floats
    bias: float

    def of(self, readings: Floats) -> float:
        """Return the effect of one picture."""
        standard = (np.clip(readings, self.least, self.most) - self.center) / self.spread
        return float(standard @ self.weights) + self.bias


@dataclass(frozen=True)
class FamilySettings:
    """What the card says of one family."""

    residuals: tuple[float, ...]  # ln(observed over predicted), rising, evenly spaced quantiles
    below: float  # conformal 2.5 % bound of the same; not above 0
    above: float  # conformal 97.5 % bound; not below 0
    steepness: float


class ThresholdModel:
    """The trained content effects, ready to predict."""

    def __init__(self, effects: Mapping[str, ContentEffect], settings: Mapping[str, FamilySettings]) -> None:
        self._effects = effects
        self._settings = settings

    @classmethod
    def from_part(cls, part: Part) -> "ThresholdModel":
        """Rebuild from an artifact.

        Raises:
            ArtifactError: The arrays or settings are not those of this model.
        """
        try:
            settings = {name: _settings_from_card(part.card["settings"][name]) for name in DISTORTIONS}
            effects = {name: _effect_from_part(part, name) for name in DISTORTIONS}
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"the thresholds part does not fit this program: {error}") from error
        return cls(effects, settings)

    def predict(self, image: Image, profile: JndProfile) -> dict[str, PredictedThreshold]:
        """Predict for every distortion; an unknown threshold follows the known ones, see `basis`."""
        content = read_content(image)
        return {
            name: self._conclude(name, effect.of(content.described(name)), profile)
            for name, effect in self._effects.items()
        }

    def _conclude(self, name: str, effect: float, profile: JndProfile) -> PredictedThreshold:
        settings, own = self._settings[name], profile.distortions.get(name)
        level = profile_threshold(profile, name) * math.exp(effect)
        doubt = _doubt(profile, name)
        return PredictedThreshold(
            distortion=name,
            level=level,
            low=level * math.exp(-math.hypot(settings.below, doubt)),
            high=level * math.exp(math.hypot(settings.above, doubt)),
            unit_value=DISTORTIONS[name].unit_value(min(level, strongest_level(name))),
            basis="unmeasurable" if own is None else own.status,
            spread=settings.residuals,
            steepness=settings.steepness,
        )


def profile_threshold(profile: JndProfile, name: str) -> float:
    """Return the threshold in levels; an unknown one stands to the human as the known do on average."""
    found = profile.threshold_of(name)
    if found is not None and found > 0:
        return found
    human = default_profile()
    ratios = [
        math.log(threshold / reference)
        for other in DISTORTIONS
        if (threshold := profile.threshold_of(other)) and (reference := human.threshold_of(other))
    ]
    mean = sum(ratios) / len(ratios) if ratios else 0.0
    return float(human.threshold_of(name) or 1.0) * math.exp(mean)


def _doubt(profile: JndProfile, name: str) -> float:
    """Return half the profile's own 95 % interval, natural logarithm; 0 where it states none."""
    found = profile.distortions.get(name)
    if found is None or not found.low or not found.high or found.status != "measured":
        return 0.0
    return max(0.0, math.log(found.high / found.low) / 2.0)


def _settings_from_card(entry: Any) -> FamilySettings:
    settings = FamilySettings(
        residuals=tuple(float(value) for value in entry["residuals"]),
        below=float(entry["below"]),
        above=float(entry["above"]),
        steepness=float(entry["steepness"]),
    )
    if not settings.residuals or settings.below > 0 or settings.above < 0 or settings.steepness <= 0:
        raise ValueError(f"expected an interval around 0 and a rising curve, got {settings}")
    return settings


def _effect_from_part(part: Part, name: str) -> ContentEffect:
    arrays = {
        key: np.asarray(part.tensors[f"{name}.{key}"].numpy(), dtype=np.float32)
        for key in ("least", "most", "center", "spread", "weights")
    }
    sizes, expected = {array.shape for array in arrays.values()}, (readings_of(name),)
    if sizes != {expected} or not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError(f"expected finite arrays of {expected[0]} readings for {name}, got {sizes}")
    return ContentEffect(**arrays, bias=float(part.tensors[f"{name}.bias"]))
