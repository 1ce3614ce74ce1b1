"""What a psychometric function may look like before the first answer: a grid of parameters with their prior.

The prior over the threshold is wide, with its centre where the published models lie; slope, guess rate and
lapse rate are nuisances. Knows nothing about answers.
"""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

from calibration.psychometric import weibull

Values = npt.NDArray[np.float64]

# The slope's prior is nearly flat: with a threshold's flat one it is the matching prior of a location and a
# scale, under which intervals cover alike whatever the slope. A narrow one covers 83 % at slope 1.5.
SLOPES = np.geomspace(0.7, 14.0, 11)
GUESS_RATES = np.array([0.003, 0.015, 0.04, 0.08, 0.14, 0.22, 0.32, 0.45, 0.65, 0.9])
LAPSE_RATES = np.array([0.004, 0.02, 0.05, 0.12, 0.3])
# ln(threshold / strongest level) of the 252 cells of the paper's main table (arXiv 2507.00490) has mean -1.0
# and spread 1.2, censored cells at the limit; one part in ten is flat, for observers unlike those.
_THRESHOLD_CENTRE, _THRESHOLD_SPREAD, _FLAT_SHARE = -1.2, 1.2, 0.1
_THRESHOLD_POINTS = 61
_REACH = (1 / 250, 2.0)  # the thresholds considered, as multiples of the strongest level
_SETTLED = 1e-5  # posterior mass outside a refined range, each side


@dataclass(frozen=True)
class GuessPrior:
    """Beta distribution of the false-alarm rate; identical pairs seen elsewhere may be added to it."""

    said: float = 0.6  # most observers rarely cry wolf, some do so often
    unsaid: float = 5.0


UNINFORMED = GuessPrior()


@dataclass(frozen=True)
class SlopePrior:
    """Log-normal distribution of the slope; what other distortions say of it may narrow it."""

    median: float = 3.0
    spread: float = 1.5  # of ln slope
    general_share: float = 0.0  # probability that the general prior holds instead

    def density(self, log_slopes: Values) -> Values:
        """Density of ln slope, up to a factor."""
        own = _bell(log_slopes, np.log(self.median), self.spread)
        if not self.general_share:
            return own
        return self.general_share * ANY_SLOPE.density(log_slopes) + (1 - self.general_share) * own


ANY_SLOPE = SlopePrior()


@dataclass(frozen=True)
class LapsePrior:
    """Beta distribution of the lapse rate."""

    missed: float
    noticed: float


# One lapse in ten answers is common: under a prior that all but excludes it, a lapse near the threshold is
# taken for a shallow slope and a threshold further up, and intervals at slope 1.5 cover 81 %. Levels placed
# as if lapses were rare tell most of the threshold, though.
COMMON_LAPSES, RARE_LAPSES = LapsePrior(0.8, 14.0), LapsePrior(0.7, 25.0)


@dataclass(frozen=True)
class Grid:
    """Parameter values under consideration, with their prior."""

    log_thresholds: Values  # (T,), evenly spaced
    strongest: float  # level
    guess_prior: GuessPrior = UNINFORMED
    slope_prior: SlopePrior = ANY_SLOPE
    lapse_prior: LapsePrior = COMMON_LAPSES
    slopes: Values = field(default_factory=lambda: SLOPES)  # (S,)
    guess_rates: Values = field(default_factory=lambda: GUESS_RATES)  # (G,)
    lapse_rates: Values = field(default_factory=lambda: LAPSE_RATES)  # (L,)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """T, S, G, L; elsewhere the last three run together as K."""
        return len(self.log_thresholds), len(self.slopes), len(self.guess_rates), len(self.lapse_rates)

    @cached_property
    def log_prior(self) -> Values:
        """Ln prior, (T, K), summing to 1."""
        threshold = np.log(_threshold_density(self.log_thresholds - np.log(self.strongest)))
        nuisance = np.log(self._nuisance_mass()).ravel()  # (K,)
        return np.asarray(threshold[:, None] - np.log(np.exp(threshold).sum()) + nuisance)

    def probability(self, levels: Values) -> Values:
        """P(says "different") at each level under each parameter set, (N, T, K)."""
        thresholds = np.exp(self.log_thresholds)
        climbed = weibull(levels[:, None, None], thresholds[:, None], self.slopes)  # (N, T, S)
        guess, lapse = self.guess_rates[:, None], self.lapse_rates
        p = guess + climbed[..., None, None] * np.maximum(1 - guess - lapse, 0.0)  # (N, T, S, G, L)
        return np.asarray(np.clip(p.reshape(len(levels), len(thresholds), -1), 1e-4, 1 - 1e-4))

    def refined(self, posterior: Values) -> "Grid":
        """Return a grid that spends its points where this posterior, (T, K), lies."""
        mass = posterior.reshape(self.shape)
        low, *_, high = _zoomed(self.log_thresholds, mass.sum(axis=(1, 2, 3)))
        return Grid(
            np.linspace(low, high, _THRESHOLD_POINTS),
            self.strongest,
            self.guess_prior,
            self.slope_prior,
            self.lapse_prior,
            slopes=np.exp(_zoomed(np.log(self.slopes), mass.sum(axis=(0, 2, 3)))),
            guess_rates=_zoomed(self.guess_rates, mass.sum(axis=(0, 1, 3))),
            lapse_rates=_zoomed(self.lapse_rates, mass.sum(axis=(0, 1, 2))),
        )

    def _nuisance_mass(self) -> Values:
        log_slopes = np.log(self.slopes)
        slope = self.slope_prior.density(log_slopes) * np.gradient(log_slopes)
        guess = _beta_mass(self.guess_rates, self.guess_prior.said, self.guess_prior.unsaid)
        lapse = _beta_mass(self.lapse_rates, self.lapse_prior.missed, self.lapse_prior.noticed)
        mass = slope[:, None, None] * guess[:, None] * lapse  # (S, G, L)
        mass = np.where(self.guess_rates[:, None] + self.lapse_rates < 1, mass, 0.0)
        return np.asarray(np.maximum(mass / mass.sum(), 1e-300))


@lru_cache(maxsize=64)
def coarse_grid(
    strongest: float,
    guess_prior: GuessPrior = UNINFORMED,
    slope_prior: SlopePrior = ANY_SLOPE,
    lapse_prior: LapsePrior = COMMON_LAPSES,
) -> Grid:
    """The grid before any answer: thresholds from far below the first level to twice the strongest."""
    low, high = strongest * _REACH[0], strongest * _REACH[1]
    log_thresholds = np.linspace(np.log(low), np.log(high), _THRESHOLD_POINTS)
    return Grid(log_thresholds, strongest, guess_prior, slope_prior, lapse_prior)


def _threshold_density(relative: Values) -> Values:
    """Density of ln(threshold / strongest)."""
    bell = _bell(relative, _THRESHOLD_CENTRE, _THRESHOLD_SPREAD)
    flat = 1 / np.log(_REACH[1] / _REACH[0])
    return np.asarray((1 - _FLAT_SHARE) * bell + _FLAT_SHARE * flat)


def _bell(values: Values, centre: float, spread: float) -> Values:
    """Density of a normal distribution."""
    return np.asarray(np.exp(-0.5 * ((values - centre) / spread) ** 2) / (spread * np.sqrt(2 * np.pi)))


def _zoomed(points: Values, marginal: Values) -> Values:
    """As many points, between the outermost that matter."""
    cumulative = np.cumsum(marginal) / np.sum(marginal)
    first = max(int(np.searchsorted(cumulative, _SETTLED)) - 1, 0)
    last = min(int(np.searchsorted(cumulative, 1 - _SETTLED)) + 1, len(points) - 1)
    return np.asarray(np.interp(np.linspace(first, last, len(points)), np.arange(len(points)), points))


def _beta_mass(points: Values, a: float, b: float) -> Values:
    """Mass of a beta distribution in the cell around each point."""
    middles = (points[1:] + points[:-1]) / 2
    edges = np.concatenate(
        [[max(2 * points[0] - middles[0], 0.0)], middles, [min(2 * points[-1] - middles[-1], 1.0)]]
    )
    return np.asarray(np.maximum(np.diff(betainc(a, b, edges)), 1e-300))
