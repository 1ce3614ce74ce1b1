"""P(the model notices a difference), from the size of the difference in JNDs and the model's profile.

The network sizes differences; a monotone link with the profile's false-alarm floor, slope and ceiling turns
size into probability. `jnd_ratio` is 1 where the probability is halfway between floor and ceiling.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import expit, logit

from calibration.profile import JndProfile
from predictor.artifact import ArtifactError, Part
from predictor.noticeability.known_references import KnownReferences
from predictor.noticeability.local import LocalView, look_closely
from predictor.noticeability.network import JndNetwork, PairSize, in_either_order
from predictor.noticeability.quick_bands import measure_candidates
from predictor.noticeability.relative_thresholds import relative_thresholds
from predictor.views import PairView

DEFAULT_FLOOR = 0.02  # false alarms of a model nobody has measured
DEFAULT_CEILING = 0.98
DEFAULT_SLOPE = 3.0  # the usual Weibull slope of a detection task
_SLOPE_TRUST = 0.25  # how much of a profile's slope, against the usual one, carries over to single pictures
_LEAST_CLIMB = 0.2  # of a ceiling over its floor
# The network learned from damage of a quarter to four times the threshold. Beyond, everything is noticed, no
# answer tells more from less, and what the network says of it falls as often as it rises.
LARGEST_RATIO = 4.0


@dataclass(frozen=True)
class Noticeability:
    """How surely one model notices the difference of one pair.

    `probability` is the chance that one question about the pair, its polarity and order drawn at random, is
    answered "different": what a psychometric function is fitted to, and what an observer's stated
    probabilities, averaged over polarities, estimate. It is not whether that average exceeds one half.

    `low` and `high` bound the model's own such chance, in the mean over pairs of like prediction: for nine of
    ten such groups also of observers nobody learned from, on photographs nobody trained on
    (`learning.interval_widening`). They are told, and nothing is decided by them.
    """

    probability: float  # includes the model's false alarms
    jnd_ratio: float  # 1.0: one JND; 0.0: identical pictures; 4.0 stands for four or more
    low: float
    high: float


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
        floor = min(read.floor if self.floor is None else self.floor, 1.0 - _LEAST_CLIMB)
        ceiling = read.ceiling if self.ceiling is None else self.ceiling
        return Link(floor, max(ceiling, floor + _LEAST_CLIMB), read.steepness * self.steepness_factor)


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


class NoticeabilityModel:
    """The trained network with its link, ready to judge views."""

    def __init__(self, network: JndNetwork, settings: Settings) -> None:
        self._network = network.eval()
        self._settings = settings
        self._references = KnownReferences()

    @classmethod
    def from_part(cls, part: Part) -> "NoticeabilityModel":
        """Rebuild from an artifact.

        Raises:
            ArtifactError: The arrays or settings are not those of this network.
        """
        try:
            settings = settings_from_card(part.card["settings"])
            network = JndNetwork(len(settings.families))
            network.load_state_dict(dict(part.tensors))
        except (LookupError, TypeError, ArithmeticError, ValueError, RuntimeError, AttributeError) as error:
            raise ArtifactError(f"the noticeability part does not fit this network: {error}") from error
        return cls(network, settings)

    def judge(self, candidates: Sequence[Sequence[PairView]], profile: JndProfile) -> list[Noticeability]:
        """Judge candidates by the view in which each is most noticeable.

        Args:
            candidates: As many views for each; views of one index share their size.
            profile: The model asked about.
        """
        sizes = [self._size(views, profile).log_size for views in zip(*candidates, strict=True)]
        return [self._conclude(float(size), profile) for size in torch.stack(sizes).amax(dim=0)]

    def judge_unordered(self, views: Sequence[PairView], profile: JndProfile) -> Noticeability:
        """Judge one pair of which nobody knows the original, by the view in which it is most noticeable."""
        sizes = [
            in_either_order(self._size([view], profile), self._size([view.swapped()], profile))
            for view in views
        ]
        return self._conclude(float(torch.cat(sizes).amax()), profile)

    def floor(self, profile: JndProfile) -> float:
        """Return P("different") of identical pictures."""
        return self._settings.certainty_of(profile).over(link_of(profile)).floor

    def levels_taken(self, profile: JndProfile) -> dict[str, float]:
        """Return the thresholds, in levels, that judging reads from a profile, its gaps filled."""
        settings = self._settings
        taken = log_thresholds(profile, settings)
        return {
            name: human * math.exp(ratio)
            for name, human, ratio in zip(settings.families, settings.human_thresholds, taken, strict=True)
        }

    def factors_learned(self, profile: JndProfile) -> dict[str, float]:
        """Return by which factor each threshold of a profile is off, as the model's answers have shown."""
        certainty = self._settings.certainty_of(profile)
        shifts = certainty.threshold_shifts or (0.0,) * len(self._settings.families)
        is_known = profile.model in self._settings.known_models
        return {
            name: math.exp(shift - certainty.log_scale) if is_known else 1.0
            for name, shift in zip(self._settings.families, shifts, strict=True)
        }

    def look_closely(self, view: PairView, profile: JndProfile) -> LocalView:
        """Judge one view and keep what the model would see where."""
        return look_closely(self._network, view, self._thresholds(profile))

    def _size(self, views: Sequence[PairView], profile: JndProfile) -> PairSize:
        measures = measure_candidates(
            [(self._references.measures_of(view.seen), view.distorted.pixels) for view in views]
        )
        thresholds = torch.tensor(self._thresholds(profile)).expand(len(views), -1)
        with torch.inference_mode():
            found: PairSize = self._network(measures, thresholds)
        return found

    def _conclude(self, log_size: float, profile: JndProfile) -> Noticeability:
        certainty = self._settings.certainty_of(profile)
        return _conclude(log_size, certainty.over(link_of(profile)), certainty)

    def _thresholds(self, profile: JndProfile) -> list[float]:
        """Scale thresholds as `Certainty` asks: larger sizes are smaller thresholds."""
        certainty = self._settings.certainty_of(profile)
        thresholds = log_thresholds(profile, self._settings)
        shifts = certainty.threshold_shifts or (0.0,) * len(thresholds)
        return [value + shift - certainty.log_scale for value, shift in zip(thresholds, shifts, strict=True)]


def link_of(profile: JndProfile) -> Link:
    """Read a model's floor, ceiling and slope from its profile; where it has none, usual values.

    Lapses would show in every distortion, while the strongest level of some is not visible in every picture:
    the best hit rate is the ceiling. False alarms are those of the fits, which count what the model states
    and not only what it decides; fits of few answers overstate them, hence the lower quartile. A profile's
    slopes are pooled over pictures of unlike thresholds, which flattens them; those of four unlike observers,
    measured picture by picture, differed by much less.
    """
    measured = [found for found in profile.of_pictures.values() if found.is_estimated]
    slopes = [found.slope for found in measured if found.slope is not None]
    ceilings = [found.hit_at_max for found in measured if found.hit_at_max is not None]
    alarms = [found.false_alarm for found in measured if found.false_alarm is not None]
    pooled = DEFAULT_FLOOR if profile.false_alarm is None else profile.false_alarm
    floor = float(np.clip(np.quantile(alarms, 0.25) if alarms else pooled, 0.001, 0.5))
    ceiling = float(np.clip(max(ceilings) if ceilings else DEFAULT_CEILING, floor + _LEAST_CLIMB, 0.995))
    slope = float(np.clip(median(slopes) if slopes else DEFAULT_SLOPE, 0.5, 10.0))
    return Link(floor, ceiling, DEFAULT_SLOPE * (slope / DEFAULT_SLOPE) ** _SLOPE_TRUST)


def log_thresholds(profile: JndProfile, settings: Settings) -> list[float]:
    """Return ln(threshold over the human one) by family; see `relative_thresholds`."""
    return relative_thresholds(profile, settings.families, settings.human_thresholds, settings.usual_pattern)


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


def _conclude(log_ratio: float, link: Link, certainty: Certainty) -> Noticeability:
    probability = link.probability(log_ratio)
    low, high = certainty.interval.around(probability, widening=certainty.widening, margin=certainty.margin)
    ratio = math.exp(min(log_ratio, math.log(LARGEST_RATIO)))
    return Noticeability(probability=probability, jnd_ratio=ratio, low=low, high=high)


def bounded_logit(probabilities: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return log odds, probabilities kept within 0.001 ... 0.999."""
    return np.asarray(logit(np.clip(probabilities, 0.001, 0.999)), dtype=np.float64)
