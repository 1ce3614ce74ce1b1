"""How well judgements agree with people: rank and linear correlation, with 95 % intervals over pictures.

PLCC is told twice: as it is, and after the four-parameter logistic of VQEG that is usual in this field. Its
interval then is that of the pictures, the fitted logistic held.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.special import expit
from scipy.stats import rankdata

Numbers = npt.NDArray[np.float64]
_FEWEST = 5  # pictures, below which nothing is told
_RESAMPLES = 1000
_TRIES = 400  # evaluations of a fit
_MARGIN = 1.0  # how far its ends may lie beyond the scores, in their range
_NARROWEST, _WIDEST = 0.15, 10.0  # its width, in standard deviations of the judgements
_DEFINED = 0.9  # share of the resamples in which a measure must be defined for an interval


@dataclass(frozen=True)
class Measured:
    """A measure with its 95 % interval; None where it is not defined."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Agreement:
    """Judgements beside human scores."""

    pictures: int
    srcc: Measured | None
    plcc: Measured | None
    plcc_fitted: Measured | None
    reason: str = ""  # why nothing is told


@dataclass(frozen=True)
class Logistic:
    """Maps judgements to human scores: high - (high - low) / (1 + exp((x - middle) / width))."""

    low: float
    high: float
    middle: float
    width: float

    def __call__(self, judged: Numbers) -> Numbers:
        """Return the scores."""
        return _logistic(judged, self.low, self.high, self.middle, self.width)


def agree(judged: Numbers, scores: Numbers, rng: np.random.Generator) -> Agreement:
    """Compare judgements with the human scores of the same pictures, both of shape (N,)."""
    count = len(judged)
    if count < _FEWEST:
        return Agreement(count, None, None, None, f"{count} pictures are too few: expected {_FEWEST} or more")
    for name, numbers in (("judgements", judged), ("human scores", scores)):
        if np.ptp(numbers) == 0:
            return Agreement(count, None, None, None, f"all {count} {name} are the same")
    fitted = fit_logistic(judged, scores)
    draws = rng.integers(0, count, (_RESAMPLES, count))
    return Agreement(
        count,
        _measured(
            rankdata(judged[draws], axis=1), rankdata(scores[draws], axis=1), rank_correlation(judged, scores)
        ),
        _measured(judged[draws], scores[draws], linear_correlation(judged, scores)),
        None
        if fitted is None
        else _measured(fitted(judged)[draws], scores[draws], linear_correlation(fitted(judged), scores)),
    )


def rank_correlation(judged: Numbers, scores: Numbers) -> float | None:
    """Return Spearman's correlation (SRCC), ties sharing their mean rank; None where one side is constant."""
    return linear_correlation(rankdata(judged), rankdata(scores))


def linear_correlation(judged: Numbers, scores: Numbers) -> float | None:
    """Return Pearson's correlation (PLCC); None where one side is constant."""
    found = float(_correlations(judged[None], scores[None])[0])
    return found if np.isfinite(found) else None


def fit_logistic(judged: Numbers, scores: Numbers) -> Logistic | None:
    """Fit the logistic by least squares; None where there is no fit.

    Without bounds it degenerates where few pictures or little agreement let it: to a step beside one picture.
    """
    spread, middle = float(judged.std()), float(np.median(judged))
    least, most = float(scores.min()), float(scores.max())
    if spread == 0 or most == least:
        return None
    ends = [least, most]
    if (linear_correlation(judged, scores) or 0.0) < 0:
        ends.reverse()
    margin, reach = _MARGIN * (most - least), float(np.ptp(judged))
    floor, ceiling = least - margin, most + margin
    found = least_squares(
        lambda each: _logistic(judged, *each) - scores,
        (*ends, middle, spread),
        bounds=(
            (floor, floor, float(judged.min()) - reach, _NARROWEST * spread),
            (ceiling, ceiling, float(judged.max()) + reach, _WIDEST * spread),
        ),
        x_scale=(most - least, most - least, spread, spread),
        max_nfev=_TRIES,
    )
    return Logistic(*map(float, found.x)) if np.isfinite(found.x).all() else None


def area_under_curve(judged: Numbers, labels: npt.NDArray[np.bool_]) -> float | None:
    """Return how often a labelled picture is judged above an unlabelled one; None where a class lacks."""
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if not positives or not negatives:
        return None
    ranks = rankdata(judged)
    return float((ranks[labels].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def _measured(judged: Numbers, scores: Numbers, value: float | None) -> Measured | None:
    """Return a measure with the interval of its percentiles over resamples, both of shape (resamples, N)."""
    if value is None:
        return None
    found = _correlations(judged, scores)
    found = found[np.isfinite(found)]
    if len(found) < _DEFINED * len(judged):
        return Measured(value, None, None)
    low, high = np.percentile(found, (2.5, 97.5))
    return Measured(value, float(low), float(high))


def _correlations(judged: Numbers, scores: Numbers) -> Numbers:
    """Return the correlation of each row; not-a-number where one side is constant."""
    one, other = (each - each.mean(axis=1, keepdims=True) for each in (judged, scores))
    lengths = np.sqrt(np.sum(one**2, axis=1) * np.sum(other**2, axis=1))
    # Means of equal numbers may leave differences of rounding.
    is_constant = (np.ptp(judged, axis=1) == 0) | (np.ptp(scores, axis=1) == 0) | (lengths == 0)
    found: Numbers = np.sum(one * other, axis=1) / np.where(is_constant, np.nan, lengths)
    return found


def _logistic(judged: Numbers, low: float, high: float, middle: float, width: float) -> Numbers:
    scaled: Numbers = low + (high - low) * expit((judged - middle) / width)
    return scaled
