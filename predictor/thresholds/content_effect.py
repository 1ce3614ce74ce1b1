"""What a picture's content does to a model's threshold, and how far such a prediction can be trusted.

The effect acts on ln(level + fixed part), see `notice_curve`. Which readings describe a picture is the matter
of `content` and `delivery`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from predictor.artifact import Part
from predictor.boosted_trees import BoostedTrees
from predictor.thresholds.notice_curve import NoticeCurve

Floats = npt.NDArray[np.float32]
Effects = npt.NDArray[np.float64]
_ARRAYS = ("least", "most", "center", "spread", "weights")
_LEAST_STEEP, _STEEPEST = 0.1, 100.0
_FARTHEST = 20.0  # ln(level + fixed part): no threshold lies further from its prediction
_TREE_ARRAYS = ("feature", "threshold", "children", "value", "bias", "depth")


@dataclass(frozen=True, eq=False)
class LinearEffect:
    """Linear in the readings, which are kept within what training saw: nothing is extrapolated."""

    least: Floats  # (readings,)
    most: Floats
    center: Floats
    spread: Floats
    weights: Floats
    bias: float

    def of_each(self, readings: Floats) -> Effects:
        """Return the effects of N pictures: (N, readings) -> (N,)."""
        standard = (np.clip(readings, self.least, self.most) - self.center) / self.spread
        return np.asarray(standard @ self.weights, dtype=np.float64) + self.bias


@dataclass(frozen=True, eq=False)
class ContentEffect:
    """How much larger a picture's threshold is than the model's own, on the scale of ln(level + fixed part).

    The mean of a line and of boosted trees: they err differently.
    """

    line: LinearEffect
    trees: BoostedTrees

    def of(self, readings: Floats) -> float:
        """Return the effect of one picture."""
        return float(self.of_each(readings[None])[0])

    def of_each(self, readings: Floats) -> Effects:
        """Return the effects of N pictures: (N, readings) -> (N,)."""
        return np.asarray((self.line.of_each(readings) + self.trees.log_odds(readings)) / 2, dtype=np.float64)


@dataclass(frozen=True)
class EffectSettings:
    """What the card says of one effect; all but the steepness on the scale of ln(level + fixed part)."""

    residuals: tuple[float, ...]  # observed less predicted, rising, evenly spaced quantiles
    below: float  # cautious 2.5 % bound of the same; not above 0
    above: float  # cautious 97.5 % bound; not below 0
    fixed_part: float  # what is done at once, in levels
    steepness: float  # of noticing within one picture, see `notice_curve`


@dataclass(frozen=True)
class Scale:
    """Where a distortion's levels begin and end: nothing is predicted below the least."""

    least: float
    strongest: float


@dataclass(frozen=True)
class Predicted:
    """A threshold with its 95 % interval, in levels, and the curve that leads there."""

    level: float
    low: float
    high: float
    curve: NoticeCurve


@dataclass(frozen=True)
class Trust:
    """How much wider than in training the interval must be."""

    widening: float = 1.0  # for a model training has not met; 1 for one it has
    interval_widening: float = 1.0  # of the interval, which is told, beyond that of the curve
    doubt: tuple[float, float] = (0.0, 0.0)  # of the model's own threshold: see `OwnThreshold.doubt`


def predict_level(
    effect: float, settings: EffectSettings, *, own: float, scale: Scale, trust: Trust
) -> Predicted:
    """Move a model's own threshold by an effect.

    Args:
        effect: Of the picture.
        settings: Of the effect.
        own: The model's own threshold, levels.
        scale: Of the distortion.
        trust: How far to trust it.
    """
    middle = math.log(own + settings.fixed_part) + effect

    def level(offset: float) -> float:
        return max(scale.least, math.exp(middle + offset) - settings.fixed_part)

    curve = NoticeCurve(
        middle=middle,
        spread=tuple(trust.widening * value for value in settings.residuals),
        steepness=settings.steepness,
        fixed_part=settings.fixed_part,
        least=scale.least,
        strongest=scale.strongest,
    )
    return Predicted(
        level=level(0.0),
        low=level(-trust.interval_widening * math.hypot(trust.widening * settings.below, trust.doubt[0])),
        high=level(trust.interval_widening * math.hypot(trust.widening * settings.above, trust.doubt[1])),
        curve=curve,
    )


def effect_tensors(effect: ContentEffect) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays `read_effect` reads."""
    return {
        **{key: getattr(effect.line, key) for key in _ARRAYS},
        "bias": np.array(effect.line.bias, dtype=np.float64),
        **{f"trees.{key}": array for key, array in effect.trees.to_tensors().items()},
    }


def read_effect(part: Part, name: str, readings: int) -> ContentEffect:
    """Take one effect from an artifact.

    Raises:
        KeyError: An array is missing.
        ValueError: An array is of another size, not finite, or a spread of nothing.
    """
    prefix = f"{name}."
    arrays = {
        key.removeprefix(prefix): tensor.numpy()
        for key, tensor in part.tensors.items()
        if key.startswith(prefix)
    }
    line = LinearEffect(
        **{key: np.asarray(arrays[key], dtype=np.float32) for key in _ARRAYS}, bias=float(arrays["bias"])
    )
    sizes = {getattr(line, key).shape for key in _ARRAYS}
    is_finite = all(np.isfinite(getattr(line, key)).all() for key in (*_ARRAYS, "bias"))
    if sizes != {(readings,)} or not is_finite or not (line.spread > 0).all():
        raise ValueError(f"expected finite arrays of {readings} readings for {name}, got {sizes}")
    trees = BoostedTrees.from_tensors({key: arrays[f"trees.{key}"] for key in _TREE_ARRAYS})
    if not 0 <= trees.feature.min() <= trees.feature.max() < readings or not np.isfinite(trees.value).all():
        raise ValueError(f"expected trees on {readings} readings for {name}")
    return ContentEffect(line, trees)


def read_settings(entry: Mapping[str, Any]) -> EffectSettings:
    """Take one effect's settings from a card.

    Raises:
        KeyError: One is missing.
        TypeError: One is of another kind.
        ValueError: They do not describe an interval around 0 and a rising curve.
    """
    settings = EffectSettings(
        residuals=tuple(float(value) for value in entry["residuals"]),
        below=float(entry["below"]),
        above=float(entry["above"]),
        fixed_part=float(entry["fixed_part"]),
        steepness=float(entry["steepness"]),
    )
    spread = np.array(settings.residuals)
    is_rising = len(spread) > 0 and bool(np.isfinite(spread).all() and (np.diff(spread) >= 0).all())
    is_near = is_rising and max(-spread[0], spread[-1]) <= _FARTHEST
    is_interval = -_FARTHEST <= settings.below <= 0 <= settings.above <= _FARTHEST
    is_curve = _LEAST_STEEP <= settings.steepness <= _STEEPEST and 0 <= settings.fixed_part < math.inf
    if not (is_near and is_interval and is_curve):
        raise ValueError(f"expected an interval around 0 and a rising curve, got {settings}")
    return settings
