"""How surely a model notices, against how much damage is done: a logistic curve averaged over its doubt.

The curve runs on ln(level + fixed part): many distortions do something at once, however weak they are (a
codec halves the colour resolution, a palette has 256 entries at most), and only the rest grows with the
level. Within one picture a logistic curve fits what observers say better than Weibull's, whose lower end is
too thin. Knows nothing of pictures: `model` and `delivery` say where it lies.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

Floats = npt.NDArray[np.float64]

_STEPS_PER_UNIT = 64  # of ln(level + fixed part): resolution of `level_at`


@dataclass(frozen=True)
class NoticeCurve:
    """P(notice) beyond false alarms, by level of damage."""

    middle: float  # ln(level + fixed part) at which half is noticed
    spread: tuple[float, ...]  # where it may lie instead, less `middle`, at evenly spaced quantiles, rising
    steepness: float  # log odds per unit of ln(level + fixed part), within one picture
    fixed_part: float  # levels
    least: float  # level below which no less is done
    strongest: float  # level at which the scale ends

    def notice_probability(self, level: float) -> float:
        """Return P(notice) at a level, the doubt averaged over."""
        position = np.log(np.array([max(level + self.fixed_part, 1e-9)]))
        return float(average_chances(position - self.middle, self.spread, self.steepness)[0])

    def level_at(self, probability: float) -> float:
        """Return the level noticed with this probability, within the scale.

        The least level where even that is noticed more surely.

        Raises:
            ValueError: The probability is not strictly between 0 and 1.
        """
        if not 0 < probability < 1:
            raise ValueError(f"expected a probability between 0 and 1, got {probability}")
        reach = max(-self.spread[0], self.spread[-1]) + 12.0 / self.steepness
        offsets = np.linspace(-reach, reach, int(2 * reach * _STEPS_PER_UNIT) + 2)
        offset = np.interp(probability, average_chances(offsets, self.spread, self.steepness), offsets)
        position = self.middle + float(offset)
        return min(max(math.exp(position) - self.fixed_part, self.least), self.strongest)


def average_chances(offsets: Floats, spread: Sequence[float], steepness: float) -> Floats:
    """Average logistic curves over a spread of thresholds; all in ln(level + fixed part): (n,) -> (n,)."""
    log_odds = steepness * (offsets[:, None] - np.array(spread)[None, :])
    return np.asarray(expit(log_odds).mean(axis=1), dtype=np.float64)
