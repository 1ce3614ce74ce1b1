"""From changed answers to response change ratios, and to the share of a prompt at which half of them change.

No function is fitted: the published ratios climb far more slowly than any psychometric function
(facts: text JND protocol; from 32 to 47 % between levels 5 and 50). All that is taken for granted is that
more damage never changes fewer answers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from calibration.ratios import wilson_interval

Values = npt.NDArray[np.float64]

_DRAWS = 2000
_SEED = 20250703  # of the draws: the same trials give the same interval
_EQUAL = 1e-6  # per cent: shares closer than this are one


@dataclass(frozen=True)
class Count:
    """Answers that differ from the one to the unperturbed prompt, among those that could be compared."""

    changed: int
    answered: int

    @property
    def ratio(self) -> float | None:
        """The response change ratio; None where nothing was answered."""
        return self.changed / self.answered if self.answered else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its 95 % score interval."""
        return None if self.ratio is None else wilson_interval(self.ratio, self.answered)


@dataclass(frozen=True)
class LevelCount:
    """One level: what share of the prompts was changed, and how many answers with it."""

    level: float  # per cent asked for
    share: float  # per cent changed, mean over the prompts
    count: Count


@dataclass(frozen=True)
class Crossing:
    """The share at which half of the answers change beyond those that change by themselves."""

    share: float | None  # per cent; None: not reached at the largest share tried
    low: float | None  # 95 %; None where not even this is reached
    high: float | None  # None where the interval reaches beyond the largest share tried


def crossing(levels: Sequence[LevelCount], by_itself: Count) -> Crossing:
    """Find where the ratio has climbed half of the way from the rate by itself to every answer.

    Ratios are drawn from their posteriors (Beta, Jeffreys prior), made monotone, and interpolated between
    neighbouring shares; what is told are the median and the middle 95 % of where they cross. The interval is
    of these pictures and prompts: it does not know how others would differ.

    Args:
        levels: At least one with answers; those without are left out.
        by_itself: Of the unperturbed prompt, asked twice.
    """
    pooled = by_share([found for found in levels if found.count.answered])
    shares = np.array([0.0, *(found.share for found in pooled)])
    rng = np.random.default_rng(_SEED)
    base = _draw(by_itself, rng)  # (D,)
    drawn = np.stack([_draw(found.count, rng) for found in pooled], axis=1)  # (D, L)
    weights = np.array([found.count.answered for found in pooled], dtype=np.float64)
    places = np.sort(
        [_place(shares, _climb(row, weights, at), (1 + at) / 2) for row, at in zip(drawn, base, strict=True)]
    )
    low, middle, high = (_finite(places[int(at * (_DRAWS - 1))]) for at in (0.025, 0.5, 0.975))
    return Crossing(middle, low, high)


def by_share(levels: Sequence[LevelCount]) -> list[LevelCount]:
    """Take levels that change the same share of the prompts as one: short prompts have few steps."""
    pooled: list[LevelCount] = []
    for found in sorted(levels, key=lambda each: each.share):
        if pooled and found.share - pooled[-1].share < _EQUAL:
            last = pooled.pop().count
            count = Count(last.changed + found.count.changed, last.answered + found.count.answered)
            found = LevelCount(found.level, found.share, count)  # noqa: PLW2901 - the pool it grows into
        pooled.append(found)
    return pooled


@dataclass(frozen=True)
class Climb:
    """Ratios that never fall, by share; the first are of the unperturbed prompt."""

    shares: Values  # (N,) per cent
    ratios: Values  # (N,)


def monotone_climb(levels: Sequence[LevelCount], by_itself: Count) -> Climb:
    """Return the counted ratios, made monotone, from the rate by itself on; every level must have answers."""
    pooled = by_share(levels)
    ratios = np.array([found.count.ratio for found in pooled], dtype=np.float64)
    weights = np.array([found.count.answered for found in pooled], dtype=np.float64)
    shares = np.array([0.0, *(found.share for found in pooled)])
    return Climb(shares, _climb(ratios, weights, by_itself.ratio or 0.0))


def _draw(count: Count, rng: np.random.Generator) -> Values:
    return rng.beta(count.changed + 0.5, count.answered - count.changed + 0.5, _DRAWS)


def _climb(ratios: Values, weights: Values, base: float) -> Values:
    """Return ratios that never fall, from the rate by itself at a share of 0."""
    monotone = isotonic_regression(ratios, weights=weights).x
    return np.concatenate([[base], np.maximum(monotone, base)])


def _place(shares: Values, ratios: Values, wanted: float) -> float:
    """Return the share at which the ratios reach the wanted one; infinite where they do not."""
    at = int(np.searchsorted(ratios, wanted))
    if at == len(ratios):
        return math.inf
    rise = ratios[at] - ratios[at - 1]
    return float(shares[at - 1] + (shares[at] - shares[at - 1]) * (wanted - ratios[at - 1]) / rise)


def _finite(place: float) -> float | None:
    return float(place) if math.isfinite(place) else None
