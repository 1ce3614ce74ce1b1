"""Learn one model from its own answers: how far its profile is off by distortion, and how its answers follow.

The mode of a posterior: every number starts from what is known of the model and moves from it only as far as
the answers ask. So a few dozen trials of a distortion correct its threshold in part, hundreds wholly, and a
distortion never asked about moves with the others. The network stays as it is.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from predictor.learning.noticeability.settling import Answered, interval_of, surprise
from predictor.noticeability.settings import Certainty, bounded_logit

# Spreads of the prior: natural logarithms, log odds for the ends. Observers left out of training were off by
# about so much, some by less: which share of it holds, the answers themselves tell.
_SLOPE, _SCALE, _SHIFT, _END = 0.25, 0.15, 0.3, 0.7
_WIDTHS = (0.05, 0.2, 0.5, 1.0)
_FOLDS = 5

Floats = npt.NDArray[np.float64]


def learn_certainty(answered: Answered, known: Certainty) -> Certainty:
    """Return what holds of the model that gave these answers.

    Floor and ceiling are learned, too: an answer to one question has other false alarms and lapses than a
    profile's summary of it, and a scale fitted between wrong ends is bent. How far to move is what best
    foretells the answers about a fifth of the photographs from the others; with a single one, hardly at all.

    Args:
        answered: At least one.
        known: Of the model before, or of models in general.
    """
    width = min(_WIDTHS, key=lambda width: _surprise_of_the_rest(answered, known, width))
    found = _most_likely(answered, known, width)
    return replace(found, interval=interval_of([answered], found))


def _surprise_of_the_rest(answered: Answered, known: Certainty, width: float) -> float:
    fold = np.unique(answered.photos, return_inverse=True)[1] % _FOLDS
    return sum(
        float((fold == left_out).sum())
        * surprise(
            [answered.take(fold == left_out)], _most_likely(answered.take(fold != left_out), known, width)
        )
        for left_out in range(_FOLDS)
        if (fold == left_out).any() and (fold != left_out).any()
    )


def _most_likely(answered: Answered, known: Certainty, width: float) -> Certainty:
    """Find the mode of the posterior; `width` scales the prior's spreads."""
    families = answered.family_shares.shape[1]
    before = known.over(answered.link)
    usual_ends = bounded_logit([before.floor, before.ceiling])
    shifts = np.array(known.threshold_shifts or (0.0,) * families)
    spreads = width * np.array([_SLOPE, _SCALE, _END, _END, *[_SHIFT] * families])

    def moved(values: Floats) -> Certainty:
        ends = expit(usual_ends + values[2:4])
        return replace(
            known,
            steepness_factor=known.steepness_factor * float(np.exp(values[0])),
            log_scale=known.log_scale + float(values[1]),
            floor=float(ends[0]),
            ceiling=float(ends[1]),
            threshold_shifts=tuple(float(value) for value in shifts + values[4:]),
        )

    def cost(values: Floats) -> float:
        fit = len(answered.log_sizes) * surprise([answered], moved(values))
        return fit + float(np.square(values / spreads).sum()) / 2

    return moved(minimize(cost, np.zeros(len(spreads)), method="L-BFGS-B").x)
