"""How surely a model notices, against how much damage is done: a Weibull curve averaged over its doubt.

The curve runs on ln(level + fixed part): many distortions do something at once, however weak they are (a
codec halves the colour resolution, a palette has 256 entries at most), and only the rest grows with the
level. Knows nothing of pictures: `thresholds` and `delivery` say where it lies.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_HALF = math.log(2.0)
_STEPS_PER_UNIT = 64  # of ln(level + fixed part): resolution of `level_at`


@dataclass(frozen=True)
class NoticeCurve:
    """P(notice) beyond false alarms, by level of damage."""

    middle: float  # ln(level + fixed part) at which half is noticed
    spread: tuple[float, ...]  # where it may lie instead, less `middle`, at evenly spaced quantiles, rising
    steepness: float  # Weibull exponent of noticing within one picture
    fixed_part: float  # levels
    least: float  # level below which no less is done
    strongest: float  # level at which the scale ends

    def notice_probability(self, level: float) -> float:
        """Return P(notice) at a level, the doubt averaged over."""
        return float(self._chances(np.log(np.array([max(level + self.fixed_part, 1e-9)])))[0])

    def level_at(self, probability: float) -> float:
        """Return the level noticed with this probability, within the scale.

        The least level where even that is noticed more surely.

        Raises:
            ValueError: The probability is not strictly between 0 and 1.
        """
        if not 0 < probability < 1:
            raise ValueError(f"expected a probability between 0 and 1, got {probability}")
        reach = max(-self.spread[0], self.spread[-1]) + 12.0 / self.steepness
        positions = self.middle + np.linspace(-reach, reach, int(2 * reach * _STEPS_PER_UNIT) + 2)
        position = float(np.interp(probability, self._chances(positions), positions))
        return min(max(math.exp(position) - self.fixed_part, self.least), self.strongest)

    def _chances(self, positions: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Average Weibull functions over the spread: (n,) -> (n,)."""
        ratios = positions[:, None] - self.middle - np.array(self.spread)[None, :]
        powers = np.exp(np.clip(self.steepness * ratios, -50.0, 10.0))
        return np.asarray(-np.expm1(-_HALF * powers).mean(axis=1))
