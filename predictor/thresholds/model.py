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
from dataclasses import dataclass, replace

from calibration.image import Image
from calibration.profile import JndProfile, Status
from calibration.stimuli.registry import DISTORTIONS
from predictor.artifact import ArtifactError, Part
from predictor.own_thresholds import OwnThreshold, strongest_level
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
from predictor.thresholds.delivery import DeliveryForecast, DeliveryModel, KnownModel
from predictor.thresholds.notice_curve import NoticeCurve
from predictor.thresholds.profile_threshold import least_level, own_thresholds


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
    basis: Status  # of the model's own threshold; `unmeasurable`: what its trials leave open, or a guess
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
        interval_widening: float = 1.0,
    ) -> None:
        """`met` are the models training has asked; for all others doubt is wider.

        Curves, to which a planner keeps, by `widening`; intervals, which are told, by `interval_widening`
        as well.
        """
        self._effects = effects
        self._settings = settings
        self._delivery = delivery
        self._met = met
        self._widening = widening
        self._interval_widening = interval_widening

    @classmethod
    def from_part(cls, part: Part) -> "ThresholdModel":
        """Rebuild from an artifact.

        Raises:
            ArtifactError: The arrays or settings are not those of this model.
        """
        try:
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
                widening=_at_least_one(part.card["widening"]),
                interval_widening=_at_least_one(part.card.get("interval_widening", 1.0)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"the thresholds part does not fit this program: {error}") from error

    def has_met(self, model: str) -> bool:
        """Tell whether training asked this model, so that its content effects are its own."""
        return model in self._met

    def predict(
        self, image: Image, profile: JndProfile, own: Mapping[str, OwnThreshold] | None = None
    ) -> dict[str, PredictedThreshold]:
        """Predict for every distortion; without the model's `own` thresholds, by its profile alone."""
        content, known = read_content(image), own or own_thresholds(profile)
        return {
            name: self._conclude(name, effect.of(content.described(name)), profile.model, known[name])
            for name, effect in self._effects.items()
        }

    def forecast(
        self, image: Image, profile: JndProfile, own: Mapping[str, OwnThreshold] | None = None
    ) -> DeliveryForecast:
        """Read a picture, ready to say how it may be sent; `own` as for `predict`."""
        known, content = KnownModel(profile, own or own_thresholds(profile)), read_content(image)
        trust = self.trust(profile.model)
        return DeliveryForecast(
            lambda name, short_side: self._delivery.curve(name, content, known, short_side, trust),
            input_side=profile.input_side,
            short_side=min(image.width, image.height),
        )

    def _conclude(self, name: str, effect: float, model: str, own: OwnThreshold) -> PredictedThreshold:
        settings = self._settings[name]
        found = predict_level(
            effect,
            settings,
            own=own.level,
            scale=Scale(least_level(name), strongest_level(name)),
            trust=replace(self.trust(model), doubt=own.doubt(settings.fixed_part)),
        )
        # Never noticed on any picture: no content makes it visible.
        level = max(found.level, strongest_level(name)) if own.basis == "censored" else found.level
        return PredictedThreshold(
            distortion=name,
            level=level,
            low=min(found.low, level),
            high=max(found.high, level),
            unit_value=DISTORTIONS[name].unit_value(min(level, strongest_level(name))),
            basis=own.basis,
            curve=found.curve,
        )

    def trust(self, model: str) -> Trust:
        """Return how far to trust what is predicted of this model."""
        if self.has_met(model):
            return Trust()
        return Trust(self._widening, self._interval_widening)


def _at_least_one(entry: float) -> float:
    """Read a widening.

    Raises:
        TypeError: It is no number.
        ValueError: It is not finite, or narrows.
    """
    widening = float(entry)
    if not 1 <= widening < math.inf:
        raise ValueError(f"expected a finite widening of at least 1, got {widening}")
    return widening
