"""What a trained network was settled to, by model: link, interval, certainty; how a card holds them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from calibration.profile import JndProfile

LEAST_CLIMB = 0.2  # of a ceiling over its floor


@dataclass(frozen=True)
class Link:
    """The psychometric function of one model over the size of a difference in JNDs."""

    floor: float  # probability of saying "different" of identical pictures
    ceiling: float
    steepness: float  # log odds gained per unit of ln(size)

    def probability(self, log_ratio: float) -> float:
        """Return P("different") for ln(size in JNDs); -inf gives the floor.

        Logistic in ln(size): the chances that observers state of single pairs leave the floor later and reach
        the ceiling later than a Weibull function has it, which suits answers pooled over pictures.
        """
        return self.floor + (self.ceiling - self.floor) * float(expit(self.steepness * log_ratio))


@dataclass(frozen=True)
class Interval:
    """How far, in log odds, the observer's own probability lay from the prediction: 2.5 and 97.5 %.

    One pair of quantiles per range of the predicted probability; see `settling.interval_of`.
    """

    edges: tuple[float, ...]  # between the ranges, ascending
    below: tuple[float, ...]  # one more than edges; at most 0
    above: tuple[float, ...]  # one more than edges; at least 0

    def around(
        self, probability: float, *, widening: float = 1.0, margin: float = 0.0
    ) -> tuple[float, float]:
        """Return the 95 % interval of the observer's probability.

        Args:
            probability: Predicted.
            widening: Of its reach in log odds.
            margin: Probability by which it reaches further at either end.
        """
        index = int(np.searchsorted(self.edges, probability))
        odds = float(bounded_logit(probability))
        low, high = (float(expit(odds + widening * reach[index])) for reach in (self.below, self.above))
        # There and back costs the last digit.
        return max(0.0, min(low, probability) - margin), min(1.0, max(high, probability) + margin)


@dataclass(frozen=True)
class Certainty:
    """How the answers of a model follow from the sizes the network gives, and how surely."""

    steepness_factor: float  # over the slope `link_of` reads from the profile
    log_scale: float  # to add to ln of the sizes
    interval: Interval
    threshold_shifts: tuple[float, ...] = ()  # to add to ln of its thresholds, by family; (): none
    floor: float | None = None  # of its link, learned from its answers; None: what the profile says
    ceiling: float | None = None
    widening: float = 1.0  # of the interval told, for photographs and models unlike the training's
    margin: float = 0.0  # likewise: floors and ceilings read off few answers

    def over(self, read: Link) -> Link:
        """Return the model's psychometric function, given what `link_of` reads from its profile."""
        floor = min(read.floor if self.floor is None else self.floor, 1.0 - LEAST_CLIMB)
        ceiling = read.ceiling if self.ceiling is None else self.ceiling
        return Link(floor, max(ceiling, floor + LEAST_CLIMB), read.steepness * self.steepness_factor)


@dataclass(frozen=True)
class Settings:
    """What turns the network's output into probabilities; part of the artifact's card."""

    families: tuple[str, ...]  # distortion names, in the network's order
    human_thresholds: tuple[float, ...]  # levels; thresholds of a profile are taken relative to these
    steepness_factor: float  # pooled over the models the network learned from, see `Certainty`
    interval: Interval  # of theirs
    usual_pattern: tuple[float, ...] = ()  # of thresholds, see `relative_thresholds`
    known_models: Mapping[str, Certainty] = field(default_factory=dict)  # by name: learned from, one by one
    strangers: Certainty | None = None  # of models known by profile alone; None: the pooled one

    @property
    def pooled(self) -> Certainty:
        """What holds for the models the network learned from, taken together."""
        return Certainty(self.steepness_factor, 0.0, self.interval)

    def certainty_of(self, profile: JndProfile) -> Certainty:
        """Choose by whether the network learned from this model's answers."""
        return self.known_models.get(profile.model, self.strangers or self.pooled)


def settings_from_card(entry: Any) -> Settings:
    """Read the settings a card carries.

    Raises:
        LookupError, TypeError, AttributeError, ArithmeticError: One is missing or of another type.
        ValueError: One is not finite, out of its range, or not as long as the others ask.
    """
    strangers = entry.get("strangers")
    settings = Settings(
        families=tuple(entry["families"]),
        human_thresholds=_numbers(entry["human_thresholds"], "human_thresholds"),
        steepness_factor=_positive(entry["steepness_factor"], "steepness_factor"),
        interval=_interval_from_card(entry["interval"]),
        usual_pattern=_numbers(entry.get("usual_pattern", ()), "usual_pattern"),
        known_models={
            name: _certainty_from_card(found) for name, found in entry.get("known_models", {}).items()
        },
        strangers=None if strangers is None else _certainty_from_card(strangers),
    )
    count = len(settings.families)
    if len(settings.human_thresholds) != count or min(settings.human_thresholds, default=0.0) <= 0.0:
        raise ValueError(f"expected {count} human_thresholds above 0, got {settings.human_thresholds}")
    learned = [settings.strangers, *settings.known_models.values()]
    lengths = {len(found.threshold_shifts) for found in learned if found is not None}
    if not lengths <= {0, count}:
        raise ValueError(f"expected threshold_shifts of none or {count}, got {sorted(lengths)}")
    if len(settings.usual_pattern) not in {0, count}:
        raise ValueError(f"expected a usual_pattern of none or {count}, got {len(settings.usual_pattern)}")
    return settings


def _certainty_from_card(entry: Any) -> Certainty:
    (log_scale,) = _numbers([entry["log_scale"]], "log_scale")
    return Certainty(
        _positive(entry["steepness_factor"], "steepness_factor"),
        log_scale,
        _interval_from_card(entry["interval"]),
        _numbers(entry.get("threshold_shifts", ()), "threshold_shifts"),
        _rate(entry.get("floor"), "floor"),
        _rate(entry.get("ceiling"), "ceiling"),
        _at_least_one(entry.get("widening", 1.0), "widening"),
        _rate(entry.get("margin") or None, "margin") or 0.0,
    )


def _interval_from_card(entry: Any) -> Interval:
    interval = Interval(**{name: _numbers(entry[name], name) for name in ("edges", "below", "above")})
    edges, below, above = interval.edges, interval.below, interval.above
    if not len(below) == len(above) == len(edges) + 1:
        raise ValueError(f"expected {len(edges) + 1} bounds on each side, got {len(below)} and {len(above)}")
    if list(edges) != sorted(edges) or max(below) > 0.0 or min(above) < 0.0:
        raise ValueError(f"expected rising edges, below at most 0 and above at least 0, got {interval}")
    return interval


def _numbers(entry: Any, name: str) -> tuple[float, ...]:
    found = tuple(float(value) for value in entry)
    if not all(math.isfinite(value) for value in found):
        raise ValueError(f"expected finite numbers as {name}, got {found}")
    return found


def _positive(entry: Any, name: str) -> float:
    (found,) = _numbers([entry], name)
    if found <= 0.0:
        raise ValueError(f"expected {name} above 0, got {found}")
    return found


def _at_least_one(entry: Any, name: str) -> float:
    (found,) = _numbers([entry], name)
    if found < 1.0:
        raise ValueError(f"expected {name} of at least 1, got {found}")
    return found


def _rate(entry: Any, name: str) -> float | None:
    if entry is None:
        return None
    (found,) = _numbers([entry], name)
    if not 0.0 < found < 1.0:
        raise ValueError(f"expected {name} between 0 and 1, got {found}")
    return found


def bounded_logit(probabilities: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return log odds, probabilities kept within 0.001 ... 0.999."""
    return np.asarray(logit(np.clip(probabilities, 0.001, 0.999)), dtype=np.float64)
