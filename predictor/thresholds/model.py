"""Predict how far a distortion can go on a picture before the model notices: in one pass, no level tried.

The threshold of a picture is the model's own, from its profile, moved by what the picture's content does to
it (`content_effect`); so a model unknown to training is served by its profile alone. The interval is how far
the observers' thresholds lay from the prediction on pictures the fit had not seen. For a model training has
not met it is wider, by what made it hold for other observers met by profile alone.

A level means what it means in the profile: damage done at the size the model sees. What may be lost of a
picture on its way there is the matter of `delivery`; judging a given pair of pictures that of
`noticeability`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from calibration.image import Image
from calibration.profile import JndProfile, Status
from calibration.stimuli.registry import DISTORTIONS
from predictor.artifact import ArtifactError, Part
from predictor.thresholds.content import read_content, readings_of
from predictor.thresholds.content_effect import (
    ContentEffect,
    EffectSettings,
    Scale,
    Trust,
    predict_level,
    read_effect,
    read_settings,
)
from predictor.thresholds.delivery import DeliveryForecast, DeliveryModel
from predictor.thresholds.notice_curve import NoticeCurve
from predictor.thresholds.profile_threshold import (
    least_level,
    profile_doubt,
    profile_threshold,
    strongest_level,
)


@dataclass(frozen=True)
class PredictedThreshold:
    """Where one model starts to notice one distortion on one picture.

    `level` may lie beyond the distortion's strongest level: the model then hardly notices even that one. At
    the least level a distortion has (`profile_threshold.least_level`) it says: whatever is done is noticed.
    """

    distortion: str
    level: float  # at which the model says "different" halfway between its floor and its ceiling
    low: float  # 95 % interval of the model's own threshold on this picture, levels
    high: float
    unit_value: float  # physical strength at `level`, or at the strongest level if that is less
    basis: Status  # of the profile's threshold; where it is `unmeasurable` the others stand in
    curve: NoticeCurve

    def notice_probability(self, level: float) -> float:
        """Return P(notice) at a level, beyond false alarms, the threshold's uncertainty averaged over."""
        return self.curve.notice_probability(level)

    def level_at(self, probability: float) -> float:
        """Return the level noticed with this probability beyond false alarms, within the scale.

        Raises:
            ValueError: The probability is not strictly between 0 and 1.
        """
        return self.curve.level_at(probability)


class ThresholdModel:
    """The trained content effects, ready to predict."""

    def __init__(
        self,
        effects: Mapping[str, ContentEffect],
        settings: Mapping[str, EffectSettings],
        delivery: DeliveryModel,
        *,
        met: frozenset[str],
        widening: float,
    ) -> None:
        """`met` are the models training has asked; intervals of all others are wider by `widening`."""
        self._effects = effects
        self._settings = settings
        self._delivery = delivery
        self._met = met
        self._widening = widening

    @classmethod
    def from_part(cls, part: Part) -> "ThresholdModel":
        """Rebuild from an artifact.

        Raises:
            ArtifactError: The arrays or settings are not those of this model.
        """
        try:
            widening = float(part.card["widening"])
            if not 1 <= widening < math.inf:
                raise ValueError(f"expected a finite widening of at least 1, got {widening}")
            settings = part.card["settings"]
            unknown = sorted(set(settings) - set(DISTORTIONS))
            if unknown or not settings:
                raise ValueError(f"expected distortions of this version, got {', '.join(unknown) or 'none'}")
            learned = [name for name in DISTORTIONS if name in settings]
            return cls(
                {name: read_effect(part, name, readings_of(name)) for name in learned},
                {name: read_settings(settings[name]) for name in learned},
                DeliveryModel.from_part(part),
                met=frozenset(str(one["model"]) for one in part.card["training"]["observers"]),
                widening=widening,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"the thresholds part does not fit this program: {error}") from error

    def predict(self, image: Image, profile: JndProfile) -> dict[str, PredictedThreshold]:
        """Predict for every distortion training knew; a threshold the profile lacks follows the others."""
        content = read_content(image)
        return {
            name: self._conclude(name, effect.of(content.described(name)), profile)
            for name, effect in self._effects.items()
        }

    def forecast(self, image: Image, profile: JndProfile) -> DeliveryForecast:
        """Read a picture, ready to say how it may be sent."""
        return DeliveryForecast(
            self._delivery,
            read_content(image),
            profile,
            short_side=min(image.width, image.height),
            trust=Trust(self._widening_for(profile)),
        )

    def _conclude(self, name: str, effect: float, profile: JndProfile) -> PredictedThreshold:
        settings, own = self._settings[name], profile.distortions.get(name)
        doubt = profile_doubt(profile, name, lambda level: level + settings.fixed_part)
        found = predict_level(
            effect,
            settings,
            own=profile_threshold(profile, name),
            scale=Scale(least_level(name), strongest_level(name)),
            trust=Trust(self._widening_for(profile), doubt),
        )
        return PredictedThreshold(
            distortion=name,
            level=found.level,
            low=found.low,
            high=found.high,
            unit_value=DISTORTIONS[name].unit_value(min(found.level, strongest_level(name))),
            basis="unmeasurable" if own is None else own.status,
            curve=found.curve,
        )

    def _widening_for(self, profile: JndProfile) -> float:
        return 1.0 if profile.model in self._met else self._widening
