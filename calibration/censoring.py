"""The mean of values of which some are only known to lie above what was tried.

Counting a censored value as its limit, as the paper's table seems to, makes the mean too small; leaving it
out makes it smaller still. Here a log-normal is fitted by maximum likelihood (Tobin 1958, on the log scale as
JNDs spread by factors; by expectation-maximisation), and the interval is a bootstrap's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr

Values = npt.NDArray[np.float64]

_BOOTSTRAPS = 400
_LEAST_SPREAD, _MOST_SPREAD = 0.02, 1.5  # of ln value: bounds a fit of one or two values
_ITERATIONS = 150


@dataclass(frozen=True)
class CensoredMean:
    """A mean with its 95 % interval, and beside it what the paper's way of counting gives."""

    mean: float
    low: float
    high: float | None  # None: the values set no upper limit
    limit_mean: float  # censored values counted as their limit
    is_censored: bool  # every value was: `mean` is then no more than a lower limit


def censored_mean(
    values: Sequence[float], censored: Sequence[bool], rng: np.random.Generator
) -> CensoredMean:
    """Return the mean of positive values, where `censored` ones are lower limits of the true ones.

    What lies beyond the limits rests on the log-normal shape.

    Raises:
        ValueError: No value, a value that is not positive, or lists of unequal length.
    """
    x, is_limit = np.asarray(values, dtype=np.float64), np.asarray(censored, dtype=bool)
    if not len(x) or len(x) != len(is_limit) or not np.all(x > 0):
        raise ValueError(f"expected positive values and as many flags, got {list(values)}, {list(censored)}")
    if is_limit.all():
        return CensoredMean(float(x.mean()), float(x.min()), None, float(x.mean()), is_censored=True)
    samples = _resamples(is_limit, rng)
    mean = float(_means(x[None], is_limit[None])[0])
    low, high = np.quantile(_means(x[samples], is_limit[samples]), [0.025, 0.975])
    return CensoredMean(mean, float(low), float(high), float(x.mean()), is_censored=False)


def _resamples(is_limit: npt.NDArray[np.bool_], rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Draw bootstrap samples, (B, n); one without any known value is drawn again."""
    kept: list[npt.NDArray[np.intp]] = []
    while len(kept) < _BOOTSTRAPS:
        at = rng.integers(len(is_limit), size=len(is_limit))
        if not is_limit[at].all():
            kept.append(at)
    return np.stack(kept)


def _means(x: Values, is_limit: npt.NDArray[np.bool_]) -> Values:
    """Plain mean of each row; censored values count as what the fitted log-normal expects of them."""
    if not is_limit.any():
        return np.asarray(x.mean(axis=1))
    logs = np.log(x)
    centre, spread = _fit(logs, is_limit)
    z = (logs - centre) / spread
    log_expected = centre + spread**2 / 2 + log_ndtr(spread - z) - log_ndtr(-z)  # ln E[X | X > x]
    return np.asarray(np.where(is_limit, np.exp(log_expected), x).mean(axis=1))


def _fit(logs: Values, is_limit: npt.NDArray[np.bool_]) -> tuple[Values, Values]:
    """Return centre and spread of ln value, (B, 1) each."""
    centre = logs.mean(axis=1, keepdims=True)
    spread = np.clip(logs.std(axis=1, keepdims=True), 0.1, 1.0)
    for _ in range(_ITERATIONS):
        z = (logs - centre) / spread
        hazard = np.exp(-0.5 * z**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(-z))
        value = np.where(is_limit, centre + spread * hazard, logs)  # E[y | y > limit]
        variance = np.where(is_limit, spread**2 * (1 + z * hazard - hazard**2), 0.0)
        centre = value.mean(axis=1, keepdims=True)
        moment = np.mean((value - centre) ** 2 + variance, axis=1, keepdims=True)
        spread = np.clip(np.sqrt(np.maximum(moment, 0.0)), _LEAST_SPREAD, _MOST_SPREAD)
    return centre, spread
