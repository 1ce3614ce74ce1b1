"""P(the model notices a difference), from the size of the difference in JNDs and the model's profile.

The network sizes differences; a monotone link with the profile's false-alarm floor, slope and ceiling turns
size into probability. `jnd_ratio` is 1 where the probability is halfway between floor and ceiling.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import torch

from calibration.profile import JndProfile
from predictor.artifact import ArtifactError, Part
from predictor.noticeability.known_references import KnownReferences
from predictor.noticeability.local import LocalView, look_closely
from predictor.noticeability.network import JndNetwork, PairSize, in_either_order
from predictor.noticeability.quick_bands import measure_candidates
from predictor.noticeability.relative_thresholds import relative_thresholds
from predictor.noticeability.settings import LEAST_CLIMB, Certainty, Link, Settings, settings_from_card
from predictor.views import PairView

DEFAULT_FLOOR = 0.02  # false alarms of a model nobody has measured
DEFAULT_CEILING = 0.98
DEFAULT_SLOPE = 3.0  # the usual Weibull slope of a detection task
_SLOPE_TRUST = 0.25  # how much of a profile's slope, against the usual one, carries over to single pictures
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

    def has_met(self, model: str) -> bool:
        """Tell whether a model of this name was learned from, by its own answers."""
        return model in self._settings.known_models

    def levels_taken(self, profile: JndProfile) -> dict[str, float]:
        """Return the thresholds, in levels, that judging reads from a profile, its gaps filled."""
        return levels_taken(profile, self._settings)

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
        return conclude(log_size, certainty.over(link_of(profile)), certainty)

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
    ceiling = float(np.clip(max(ceilings) if ceilings else DEFAULT_CEILING, floor + LEAST_CLIMB, 0.995))
    slope = float(np.clip(median(slopes) if slopes else DEFAULT_SLOPE, 0.5, 10.0))
    return Link(floor, ceiling, DEFAULT_SLOPE * (slope / DEFAULT_SLOPE) ** _SLOPE_TRUST)


def log_thresholds(profile: JndProfile, settings: Settings) -> list[float]:
    """Return ln(threshold over the human one) by family; see `relative_thresholds`."""
    return relative_thresholds(profile, settings.families, settings.human_thresholds, settings.usual_pattern)


def levels_taken(profile: JndProfile, settings: Settings) -> dict[str, float]:
    """Return the thresholds, in levels, that judging reads from a profile, its gaps filled."""
    taken = log_thresholds(profile, settings)
    return {
        name: human * math.exp(ratio)
        for name, human, ratio in zip(settings.families, settings.human_thresholds, taken, strict=True)
    }


def conclude(log_ratio: float, link: Link, certainty: Certainty) -> Noticeability:
    """Turn ln of a size in JNDs into what is told of a pair."""
    probability = link.probability(log_ratio)
    low, high = certainty.interval.around(probability, widening=certainty.widening, margin=certainty.margin)
    ratio = math.exp(min(log_ratio, math.log(LARGEST_RATIO)))
    return Noticeability(probability=probability, jnd_ratio=ratio, low=low, high=high)
