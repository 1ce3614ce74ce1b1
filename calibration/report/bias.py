"""Does the observer answer the picture, or a habit? Rates that should differ, and rates that should not.

Identical pairs give false alarms, pairs far above the threshold give hits; from both follow d′ and the
criterion. The order of the pictures and the meaning of "yes" are chance, so a difference there is a bias.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scipy.stats import fisher_exact

from calibration.assessment import Assessment
from calibration.psychometric import criterion, d_prime
from calibration.ratios import wilson_interval
from calibration.trials import Trial

_CLEAR = 1.5  # JNDs: pairs that ought to be noticed
_STRONG = 0.9  # of the strongest level: the same, where no JND was measured or the scale ends before
_SIGNIFICANT = 0.05
_FEWEST = 5  # pairs of either kind below which d′ says more about the correction than about the observer

Kind = Literal["order", "polarity"]


@dataclass(frozen=True)
class Rate:
    """How often "different" was said of one kind of pair."""

    label: str
    count: int
    total: int  # at least 1
    is_of_identical_pairs: bool = False

    @property
    def share(self) -> float:
        """The rate itself."""
        return self.count / self.total

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return wilson_interval(self.share, self.total)[0]

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return wilson_interval(self.share, self.total)[1]


@dataclass(frozen=True)
class Habit:
    """Two rates that would be equal without a bias, and the test that they are."""

    kind: Kind
    first: Rate
    second: Rate
    p_value: float  # Fisher's exact test

    @property
    def is_shown(self) -> bool:
        """Whether the two rates differ by more than chance."""
        return self.p_value < _SIGNIFICANT


@dataclass(frozen=True)
class Biases:
    """What the trials of one run say about the observer's habits."""

    false_alarms: Rate | None  # None: no identical pair was answered readably
    catches_shown: int  # identical pairs, unreadable answers included
    hits: Rate | None  # None: no pair was far above the threshold
    d_prime: float | None  # None: too few pairs of either kind
    criterion: float | None  # below 0: ready to say "different"
    habits: Sequence[Habit]

    @property
    def rates(self) -> list[Rate]:
        """Every rate, in reading order."""
        pairs = [rate for habit in self.habits for rate in (habit.first, habit.second)]
        return [rate for rate in (self.false_alarms, self.hits) if rate is not None] + pairs


def diagnose(assessments: Mapping[str, Assessment]) -> Biases:
    """Count what can be counted; replies without a yes or no are left out.

    Distortions never noticed give no hits: missing them is a matter of eyes, not of habits.
    """
    trials = [trial for found in assessments.values() for trial in found.trials]
    heard = [trial for trial in trials if trial.noticed is not None]
    false_alarms = _rate("identical pairs", heard, lambda trial: trial.is_catch)
    clear = {name: _clear_level(found) for name, found in assessments.items()}
    hits = _rate(
        _clear_label(assessments),
        heard,
        lambda trial: (
            trial.stimulus.level - trial.stimulus.reference_level >= clear[trial.stimulus.distortion]
        ),
    )
    habits = [*_order_habit(heard), *_polarity_habit(heard)]
    shown = sum(trial.is_catch for trial in trials)
    return Biases(false_alarms, shown, hits, *_sensitivity(hits, false_alarms), habits)


def _rate(label: str, trials: Sequence[Trial], belongs: Callable[[Trial], bool]) -> Rate | None:
    chosen = [trial for trial in trials if belongs(trial)]
    if not chosen:
        return None
    said = sum(trial.noticed is True for trial in chosen)
    return Rate(label, said, len(chosen), is_of_identical_pairs=all(trial.is_catch for trial in chosen))


def _clear_level(assessment: Assessment) -> float:
    found, strongest = assessment.threshold, assessment.distortion.levels
    if found.status == "censored":
        return math.inf
    if not found.is_estimated or not found.threshold:
        return _STRONG * strongest
    return min(_CLEAR * found.threshold, _STRONG * strongest)


def _clear_label(assessments: Mapping[str, Assessment]) -> str:
    """Say which pairs count as clear: those of a distortion without a JND are the strongest."""
    clear = {name: _clear_level(found) for name, found in assessments.items()}
    is_by_jnd = [
        found.threshold.is_estimated and clear[name] == _CLEAR * (found.threshold.threshold or 0)
        for name, found in assessments.items()
        if clear[name] < math.inf
    ]
    if all(is_by_jnd):
        return "1.5 JND or more"
    return "1.5 JND, or near the strongest" if any(is_by_jnd) else "near the strongest"


def _sensitivity(hits: Rate | None, false_alarms: Rate | None) -> tuple[float | None, float | None]:
    if hits is None or false_alarms is None or min(hits.total, false_alarms.total) < _FEWEST:
        return None, None
    counts = {
        "hits": hits.count,
        "signals": hits.total,
        "false_alarms": false_alarms.count,
        "catches": false_alarms.total,
    }
    return d_prime(**counts), criterion(**counts)


def _order_habit(trials: Sequence[Trial]) -> list[Habit]:
    shown = [trial for trial in trials if not trial.is_catch]  # identical pairs have no order
    return _habit(
        "order",
        _rate("reference first", shown, lambda trial: trial.order == "reference_first"),
        _rate("distorted first", shown, lambda trial: trial.order == "distorted_first"),
    )


def _polarity_habit(trials: Sequence[Trial]) -> list[Habit]:
    # The second prompt has choices of its own: what it got says nothing of the first one's "yes".
    asked_once = [trial for trial in trials if trial.second_reply is None]
    return _habit(
        "polarity",
        _rate("asked “different?”", asked_once, lambda trial: trial.polarity == "different"),
        _rate("asked “identical?”", asked_once, lambda trial: trial.polarity == "identical"),
    )


def _habit(kind: Kind, first: Rate | None, second: Rate | None) -> list[Habit]:
    """Return the habit in a list, or nothing where the run did not vary it."""
    if first is None or second is None:
        return []
    table = [[rate.count, rate.total - rate.count] for rate in (first, second)]
    return [Habit(kind, first, second, float(fisher_exact(table)[1]))]
