"""Fit what turns sizes into honest probabilities, on photographs the network never saw.

One slope and one scale for decisions, then how far an observer's own probability lies from the prediction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.stats import rankdata

from predictor.noticeability.model import Interval, Link, Settings

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

    @property
    def noticed(self) -> npt.NDArray[np.bool_]:
        """What the observer decided."""
        return self.probabilities > 0.5


@dataclass(frozen=True)
class Settled:
    """The finished settings, and how well they fit."""

    settings: Settings
    log_loss: float


def settle(held: Sequence[Answered], settings: Settings) -> tuple[Settled, float]:
    """Return finished settings, and what to add to the network's ln sizes."""
    if sum(len(one.log_sizes) for one in held) < FEWEST_PAIRS:
        return Settled(settings, _surprise(held, settings.steepness_factor, 0.0)), 0.0
    best = minimize(
        lambda values: _surprise(held, float(np.exp(values[0])), float(values[1])),
        np.zeros(2),
        method="Nelder-Mead",
    )
    factor, log_scale = float(np.exp(best.x[0])), float(best.x[1])
    predicted = np.concatenate([predict(one, factor, log_scale) for one in held])
    observed = np.concatenate([one.probabilities for one in held])
    finished = replace(settings, steepness_factor=factor, interval=fit_interval(predicted, observed))
    return Settled(finished, float(best.fun)), log_scale


def predict(answers: Answered, steepness_factor: float, log_scale: float) -> Floats:
    """Return P("different") of each pair under this slope and scale."""
    link = replace(answers.link, steepness=answers.link.steepness * steepness_factor)
    return np.array([link.probability(size + log_scale) for size in answers.log_sizes])


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
    residuals = _logits(observed) - _logits(predicted)
    ranges = np.searchsorted(_EDGES, predicted)
    below, above = [], []
    for index in range(len(_EDGES) + 1):
        inside = ranges == index
        chosen = residuals[inside] if inside.sum() >= _FEWEST_IN_RANGE else residuals
        below.append(min(0.0, float(np.quantile(chosen, 0.025, method="lower"))))
        above.append(max(0.0, float(np.quantile(chosen, 0.975, method="higher"))))
    return Interval(_EDGES, tuple(below), tuple(above))


def _surprise(held: Sequence[Answered], factor: float, log_scale: float) -> float:
    """Return the mean negative log likelihood of the decisions; 0 without any."""
    if not sum(len(one.log_sizes) for one in held):
        return 0.0
    chances = np.clip(np.concatenate([predict(one, factor, log_scale) for one in held]), 1e-4, 1 - 1e-4)
    noticed = np.concatenate([one.noticed for one in held])
    return float(-np.mean(np.where(noticed, np.log(chances), np.log(1 - chances))))


def _logits(probabilities: Floats) -> Floats:
    bounded = np.clip(probabilities, 0.001, 0.999)
    return np.asarray(np.log(bounded / (1 - bounded)), dtype=np.float64)
