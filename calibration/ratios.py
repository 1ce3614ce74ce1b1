"""The ratio of two thresholds with its interval and p-value, from the two intervals alone.

Logarithms are compared by MOVER (Zou and Donner 2008, https://doi.org/10.1002/sim.3095), which keeps lopsided
intervals lopsided. The two sides count as independent.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binomtest

from calibration.profile import Threshold

_Z = 1.959964  # half of a 95 % interval, standard errors


@dataclass(frozen=True)
class Ratio:
    """A threshold of B over that of A; None where it cannot be told."""

    ratio: float | None
    low: float | None  # 95 %; alone where B's lies beyond the scale: at least so much
    high: float | None  # alone where A's does: at most so much
    p_value: float | None  # two-sided, of "the thresholds are equal"


UNKNOWN = Ratio(None, None, None, None)


def ratio_of(a: Threshold, b: Threshold) -> Ratio:
    """Return B's threshold over A's, with its interval and test where both sides have an interval.

    Of a threshold beyond the scale, never noticed or hardly so, only the lower end is used: what an estimate
    says of levels that were never shown is its prior's.
    """
    if not (is_known(a) and is_known(b)) or (a.is_beyond_scale and b.is_beyond_scale):
        return UNKNOWN
    if b.is_beyond_scale:
        return Ratio(None, _bounded(b.low or b.threshold, a.high or a.threshold), None, None)
    if a.is_beyond_scale:
        return Ratio(None, None, _bounded(b.high or b.threshold, a.low or a.threshold), None)
    log_ratio = _ln(b.threshold) - _ln(a.threshold)
    if not (has_interval(a) and has_interval(b)):
        return Ratio(rounded(math.exp(log_ratio)), None, None, None)
    below = math.hypot(_ln(b.threshold) - _ln(b.low), _ln(a.high) - _ln(a.threshold))
    above = math.hypot(_ln(b.high) - _ln(b.threshold), _ln(a.threshold) - _ln(a.low))
    return _tested(log_ratio, below, above)


def has_interval(side: Threshold) -> bool:
    """Return whether a threshold lies inside an interval of some width.

    Sweeps that agree by chance have one of none, which proves nothing.
    """
    return 0 < (side.low or 0) < (side.threshold or 0) < (side.high or 0)


def geometric_mean(ratios: Sequence[Ratio]) -> Ratio:
    """Average on the log scale; tested only where every ratio in the mean has an interval."""
    known = [found for found in ratios if found.ratio is not None]
    if not known:
        return Ratio(None, None, None, None)
    mean = sum(_ln(found.ratio) for found in known) / len(known)
    if any(found.p_value is None for found in known):
        return Ratio(rounded(math.exp(mean)), None, None, None)
    below = math.hypot(*(_ln(found.ratio) - _ln(found.low) for found in known)) / len(known)
    above = math.hypot(*(_ln(found.high) - _ln(found.ratio) for found in known)) / len(known)
    return _tested(mean, below, above)


def times(found: Ratio, factor: float) -> Ratio:
    """Return the ratio in another unit, of which the two sides have unlike amounts: the test goes along.

    The interval keeps its width and moves, so whether it holds 1 has to be asked again.
    """
    if found.ratio is not None and found.low and found.high:
        log_ratio = _ln(found.ratio * factor)
        return _tested(log_ratio, _ln(found.ratio) - _ln(found.low), _ln(found.high) - _ln(found.ratio))
    ratio, low, high = (
        None if one is None else rounded(one * factor) for one in (found.ratio, found.low, found.high)
    )
    return Ratio(ratio, low, high, None)


def difference_of_shares(
    share_a: float, share_b: float, *, trials_a: int, trials_b: int
) -> tuple[float, float]:
    """Return the 95 % interval of B's share minus A's (Newcombe 1998, method 10)."""
    a_low, a_high = wilson_interval(share_a, trials_a)
    b_low, b_high = wilson_interval(share_b, trials_b)
    difference = share_b - share_a
    return (
        difference - math.hypot(share_b - b_low, a_high - share_a),
        difference + math.hypot(b_high - share_b, share_a - a_low),
    )


def wilson_interval(share: float, trials: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share (Wilson 1927).

    Args:
        share: A count divided by `trials`, rounded or not.
        trials: At least 1.
    """
    found = binomtest(round(share * trials), trials).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def is_known(found: Threshold) -> bool:
    """Whether a threshold may be compared at all."""
    return found.status != "unmeasurable" and bool(found.threshold)


def _tested(log_ratio: float, below: float, above: float) -> Ratio:
    """Build the ratio from its logarithm and the reach of the 95 % interval on either side."""
    towards_zero = below if log_ratio > 0 else above
    z = _Z * abs(log_ratio) / max(towards_zero, 1e-9)
    return Ratio(
        ratio=rounded(math.exp(log_ratio)),
        low=rounded(math.exp(log_ratio - below)),
        high=rounded(math.exp(log_ratio + above)),
        p_value=rounded(math.erfc(z / math.sqrt(2))),
    )


def _ln(value: float | None) -> float:
    return math.log(value or math.nan)


def _bounded(numerator: float | None, denominator: float | None) -> float:
    return rounded((numerator or math.nan) / (denominator or math.nan))


def rounded(value: float) -> float:
    """Keep four digits: all that a profile holds."""
    return float(f"{value:.4g}")
