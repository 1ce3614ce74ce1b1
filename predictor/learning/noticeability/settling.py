"""Fit what turns sizes into honest probabilities, on photographs the network never saw.

One slope and one scale for whoever answered; then how far an observer's own probability lies from the
prediction. Answers count as the chances they state: a model that says "different" with 0.3 is to be predicted
0.3, not "no". What one model's own answers tell of it alone is `adapting`'s matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import rankdata

from predictor.noticeability.settings import Certainty, Interval, Link, bounded_logit

FEWEST_PAIRS = 100  # fewer tell too little: slope, scale and interval stay as they were
_EDGES = (0.05, 0.2, 0.5, 0.8, 0.95)
_FEWEST_IN_RANGE = 40

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Answered:
    """One observer's held-out answers beside the network's sizes."""

    log_sizes: Floats
    probabilities: Floats  # the observer's, of saying "different"
    link: Link  # of the observer's profile
    family_shares: Floats  # (N, families) how much each of its thresholds counted for the size
    photos: npt.NDArray[np.str_]  # (N,)

    def take(self, chosen: npt.NDArray[np.bool_]) -> "Answered":
        """Return the chosen pairs."""
        return Answered(
            self.log_sizes[chosen],
            self.probabilities[chosen],
            self.link,
            self.family_shares[chosen],
            self.photos[chosen],
        )

    @property
    def noticed(self) -> npt.NDArray[np.bool_]:
        """What the observer decided."""
        return self.probabilities > 0.5

    @property
    def states_chances(self) -> bool:
        """Whether the observer said how sure it was, rather than yes or no."""
        return not bool(np.isin(self.probabilities, (0.0, 1.0)).all())


@dataclass(frozen=True)
class Settled:
    """How answers follow from sizes, and how well that fits."""

    certainty: Certainty
    log_loss: float


def settle(held: Sequence[Answered], known: Certainty) -> Settled:
    """Fit one slope and one scale to all; with too few answers, what is known stays."""
    if sum(len(one.log_sizes) for one in held) < FEWEST_PAIRS:
        return Settled(known, surprise(held, known))

    def moved(values: Floats) -> Certainty:
        return replace(known, steepness_factor=float(np.exp(values[0])), log_scale=float(values[1]))

    start = np.array([np.log(known.steepness_factor), known.log_scale])
    best = minimize(lambda values: surprise(held, moved(values)), start, method="Nelder-Mead")
    found = moved(best.x)
    return Settled(replace(found, interval=interval_of(held, found)), float(best.fun))


def predict(answers: Answered, certainty: Certainty) -> Floats:
    """Return P("different") of each pair."""
    sizes = answers.log_sizes + certainty.log_scale
    if certainty.threshold_shifts:
        sizes = sizes - answers.family_shares @ np.array(certainty.threshold_shifts)
    link = certainty.over(answers.link)
    return np.asarray(link.floor + (link.ceiling - link.floor) * expit(link.steepness * sizes))


def surprise(held: Sequence[Answered], certainty: Certainty) -> float:
    """Return the mean negative log likelihood of the answers; 0 without any."""
    if not sum(len(one.log_sizes) for one in held):
        return 0.0
    chances = np.clip(np.concatenate([predict(one, certainty) for one in held]), 1e-4, 1 - 1e-4)
    said = np.concatenate([one.probabilities for one in held])
    return float(-np.mean(said * np.log(chances) + (1 - said) * np.log(1 - chances)))


def interval_of(held: Sequence[Answered], certainty: Certainty) -> Interval:
    """Fit the interval to those who state chances; from yes and no alone it cannot be told, and stays."""
    stating = [one for one in held if one.states_chances]
    if not sum(len(one.log_sizes) for one in stating):
        return certainty.interval
    predicted = np.concatenate([predict(one, certainty) for one in stating])
    return fit_interval(predicted, np.concatenate([one.probabilities for one in stating]))


def held_out_area(answers: Answered) -> float | None:
    """Return the chance that a noticed pair is sized above an unnoticed one; None for answers of one kind."""
    greater, smaller = answers.log_sizes[answers.noticed], answers.log_sizes[~answers.noticed]
    if not len(greater) or not len(smaller):
        return None
    ranks = rankdata(answers.log_sizes)[answers.noticed]
    count = len(greater)
    return float((ranks.sum() - count * (count + 1) / 2) / (count * len(smaller)))


def fit_interval(predicted: Floats, observed: Floats) -> Interval:
    """Find how far the observer's probabilities lie from the predictions, in log odds.

    Ranges of the predicted probability with fewer than 40 pairs share the quantiles of all.

    Args:
        predicted: P("different") by the network, on photographs it never saw.
        observed: The observer's own.
    """
    residuals = bounded_logit(observed) - bounded_logit(predicted)
    ranges = np.searchsorted(_EDGES, predicted)
    below, above = [], []
    for index in range(len(_EDGES) + 1):
        inside = ranges == index
        chosen = residuals[inside] if inside.sum() >= _FEWEST_IN_RANGE else residuals
        below.append(min(0.0, float(np.quantile(chosen, 0.025, method="lower"))))
        above.append(max(0.0, float(np.quantile(chosen, 0.975, method="higher"))))
    return Interval(_EDGES, tuple(below), tuple(above))
