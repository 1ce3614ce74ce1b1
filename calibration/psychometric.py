"""The psychometric function of a yes/no observer: P(says "different") against level, and back.

The threshold of this product is the scale parameter of the Weibull function. Knows nothing about trials or
images; fitting is `calibration.fitting`.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PsychometricFunction:
    """A Weibull function with two asymptotes: p(x) = g + (1 - g - l) (1 - exp(-(x / t)^s)).

    Parametrisation of Watson (2017), https://doi.org/10.1167/17.3.10. At `threshold` the function has climbed
    1 - 1/e = 63 % of the way between its asymptotes.
    """

    threshold: float  # t, levels: the JND
    slope: float  # s
    guess_rate: float  # g: P(says "different") on identical pairs, the false-alarm rate
    lapse_rate: float  # l: P(says "identical") however strong the damage

    def __post_init__(self) -> None:
        if not (self.threshold > 0 and self.slope > 0):
            raise ValueError(f"threshold and slope must be positive, got {self.threshold}, {self.slope}")
        if not (self.guess_rate >= 0 and self.lapse_rate >= 0 and self.guess_rate + self.lapse_rate <= 1):
            raise ValueError(
                "guess and lapse rate must be at least 0 and sum to at most 1, "
                f"got {self.guess_rate}, {self.lapse_rate}"
            )

    def probability(self, level: npt.ArrayLike) -> Values:
        """Return P(says "different") at each level; level 0 is an identical pair."""
        climbed = weibull(np.asarray(level, dtype=np.float64), self.threshold, self.slope)
        return self.guess_rate + (1 - self.guess_rate - self.lapse_rate) * climbed

    def level_at(self, probability: float) -> float:
        """Return the level at which "different" is said this often: the inverse of `probability`.

        Raises:
            ValueError: `probability` does not lie strictly between the two asymptotes.
        """
        if not self.guess_rate < probability < 1 - self.lapse_rate:
            raise ValueError(
                f"probability must lie between {self.guess_rate} and {1 - self.lapse_rate}, got {probability}"
            )
        climbed = (probability - self.guess_rate) / (1 - self.guess_rate - self.lapse_rate)
        return float(self.threshold * (-np.log1p(-climbed)) ** (1 / self.slope))


def weibull(level: npt.ArrayLike, threshold: npt.ArrayLike, slope: npt.ArrayLike) -> Values:
    """Return 1 - exp(-(level / threshold)^slope); the arguments broadcast."""
    ratio = np.asarray(level, dtype=np.float64) / np.asarray(threshold, dtype=np.float64)
    return np.asarray(-np.expm1(-(ratio ** np.asarray(slope, dtype=np.float64))))


def d_prime(*, hits: int, signals: int, false_alarms: int, catches: int) -> float:
    """Return how far apart pairs that differ and identical ones lie, in standard deviations.

    Rates are log-linear, (n + 0.5) / (N + 1), so it stays finite (Hautus 1995, https://doi.org/10.3758/BF03203619).

    Raises:
        ValueError: More were called different than were shown.
    """
    return _z(hits, signals) - _z(false_alarms, catches)


def criterion(*, hits: int, signals: int, false_alarms: int, catches: int) -> float:
    """Return the bias c: below 0 for an observer ready to say "different", above for one that holds back.

    Rates as in `d_prime`.

    Raises:
        ValueError: More were called different than were shown.
    """
    return -(_z(hits, signals) + _z(false_alarms, catches)) / 2


def _z(count: int, total: int) -> float:
    if not 0 <= count <= total:
        raise ValueError(f"expected a count between 0 and {total}, got {count}")
    return NormalDist().inv_cdf((count + 0.5) / (total + 1))
