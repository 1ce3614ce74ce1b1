"""From yes/no answers to a psychometric function with its interval: a Bayesian posterior on a grid.

The prior is flat over ln threshold, so no level is favoured; slope, guess rate and lapse rate are nuisances
that are averaged out, which is what makes intervals honest with few trials. Arrays may carry many runs at
once: the first axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from calibration.psychometric import PsychometricFunction, weibull

Values = npt.NDArray[np.float64]

# Nuisance priors, the same for every distortion and observer.
_SLOPES = np.geomspace(0.7, 12.0, 9)
_SLOPE_MEDIAN, _SLOPE_SPREAD = (
    3.5,
    0.55,
)  # log-normal; 3.5 is the customary slope of QUEST (Watson and Pelli 1983)
_GUESS_RATES = np.array([0.003, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.27, 0.35, 0.45, 0.6, 0.8, 0.97])
_GUESS_BETA = (0.4, 4.0)  # most observers rarely cry wolf, some do so often
_LAPSE_RATES = np.array([0.002, 0.01, 0.03, 0.06, 0.12, 0.25, 0.45])
_LAPSE_BETA = (0.5, 25.0)
_THRESHOLD_POINTS = 81
_REACH = (1 / 250, 2.0)  # the thresholds considered, as multiples of the strongest level
_SETTLED = 1e-5  # posterior mass outside the refined threshold range, each side


@dataclass(frozen=True)
class Grid:
    """Parameter values under consideration, with their prior; only thresholds may be refined."""

    log_thresholds: Values  # (T,), evenly spaced

    @cached_property
    def log_prior(self) -> Values:
        """Ln prior, (T, K): flat over ln threshold; K runs over slope x guess rate x lapse rate."""
        log_slopes = np.log(_SLOPES)
        slope = np.exp(-0.5 * ((log_slopes - np.log(_SLOPE_MEDIAN)) / _SLOPE_SPREAD) ** 2)
        guess = _beta_mass(_GUESS_RATES, *_GUESS_BETA)
        lapse = _beta_mass(_LAPSE_RATES, *_LAPSE_BETA)
        nuisance = slope[:, None, None] * guess[:, None] * lapse  # (S, G, L)
        nuisance = np.where(_GUESS_RATES[:, None] + _LAPSE_RATES < 1, nuisance, 1e-300)
        flat = np.log(nuisance / nuisance.sum()).ravel()  # (K,)
        prior: Values = np.tile(flat - np.log(len(self.log_thresholds)), (len(self.log_thresholds), 1))
        return prior

    def probability(self, levels: Values) -> Values:
        """P(says "different") at each level under each parameter set, (N, T, K)."""
        thresholds = np.exp(self.log_thresholds)
        climbed = weibull(levels[:, None, None], thresholds[:, None], _SLOPES)  # (N, T, S)
        span = np.maximum(1 - _GUESS_RATES[:, None] - _LAPSE_RATES, 0.0)  # (G, L)
        p = _GUESS_RATES[:, None] + climbed[..., None, None] * span  # (N, T, S, G, L)
        return np.asarray(np.clip(p.reshape(len(levels), len(thresholds), -1), 1e-4, 1 - 1e-4))


@lru_cache(maxsize=8)
def coarse_grid(strongest: float) -> Grid:
    """The grid before any answer: thresholds from far below the first level to twice the strongest."""
    low, high = strongest * _REACH[0], strongest * _REACH[1]
    return Grid(np.linspace(np.log(low), np.log(high), _THRESHOLD_POINTS))


@dataclass(frozen=True)
class Counts:
    """Answers of one run, by level."""

    levels: Values  # (N,), 0 for identical pairs
    different: Values  # (N,) times "different" was said
    total: Values  # (N,)

    @classmethod
    def of(cls, answers: Sequence[tuple[float, bool]]) -> "Counts":
        """Count (level, said "different") pairs."""
        levels = np.unique([level for level, _ in answers]) if answers else np.zeros(0)
        yes = [sum(said for at, said in answers if at == level) for level in levels]
        total = [sum(1 for at, _ in answers if at == level) for level in levels]
        return cls(levels, np.array(yes, dtype=np.float64), np.array(total, dtype=np.float64))


@dataclass(frozen=True)
class PsychometricFit:
    """One psychometric function fitted to the trials of one distortion."""

    function: PsychometricFunction  # posterior medians
    interval: tuple[float, float]  # 95 %, of the threshold, levels
    false_alarm: float  # posterior mean of P("different") on identical pairs
    false_alarm_interval: tuple[float, float]
    hit_at_max: float  # posterior mean of P("different") at the strongest level
    n_trials: int
    strongest: float  # level
    _draws: Values = field(repr=False, compare=False)  # (n, 4): threshold, slope, guess rate, lapse rate

    def band(self, levels: Values) -> tuple[Values, Values]:
        """Return the pointwise 95 % band of P("different") at each level."""
        threshold, slope, guess, lapse = (column[:, None] for column in self._draws.T)
        curves = guess + (1 - guess - lapse) * weibull(levels, threshold, slope)  # (n, N)
        low, high = np.quantile(curves, [0.025, 0.975], axis=0)
        return low, high


def fit_psychometric(counts: Counts, strongest: float) -> PsychometricFit:
    """Fit threshold, slope, guess rate and lapse rate to the answers of one distortion.

    Args:
        counts: Answers, identical pairs included as level 0.
        strongest: The strongest level of the distortion.
    """
    coarse = coarse_grid(strongest)
    grid = _refine(coarse, _posterior(coarse, counts))
    posterior = _posterior(grid, counts)
    return _summarise(grid, posterior, counts=counts, strongest=strongest)


def marginal_quantile(log_thresholds: Values, marginal: Values, share: float) -> float:
    """Quantile of a marginal posterior over evenly spaced ln thresholds, interpolated; in levels."""
    step = log_thresholds[1] - log_thresholds[0]
    cumulative = np.concatenate([[0.0], np.cumsum(marginal)])
    edges = np.concatenate([log_thresholds - step / 2, [log_thresholds[-1] + step / 2]])
    return float(np.exp(np.interp(share, cumulative / cumulative[-1], edges)))


def _posterior(grid: Grid, counts: Counts) -> Values:
    """Normalised posterior mass, (T, K)."""
    log_posterior = grid.log_prior.copy()
    if len(counts.levels):
        p = grid.probability(counts.levels)
        log_posterior += np.tensordot(counts.different, np.log(p), axes=1)
        log_posterior += np.tensordot(counts.total - counts.different, np.log1p(-p), axes=1)
    mass = np.exp(log_posterior - log_posterior.max())
    return np.asarray(mass / mass.sum())


def _refine(grid: Grid, posterior: Values) -> Grid:
    """Spend the threshold points where the posterior lies."""
    cumulative = np.cumsum(posterior.sum(axis=1))
    first = max(int(np.searchsorted(cumulative, _SETTLED)) - 1, 0)
    last = min(int(np.searchsorted(cumulative, 1 - _SETTLED)) + 1, len(cumulative) - 1)
    return Grid(np.linspace(grid.log_thresholds[first], grid.log_thresholds[last], _THRESHOLD_POINTS))


def _summarise(grid: Grid, posterior: Values, *, counts: Counts, strongest: float) -> PsychometricFit:
    marginal = posterior.sum(axis=1)
    shape = (len(_SLOPES), len(_GUESS_RATES), len(_LAPSE_RATES))
    nuisance = posterior.sum(axis=0).reshape(shape)
    guess = nuisance.sum(axis=(0, 2))
    at_max = grid.probability(np.array([strongest]))[0]
    threshold, low, high = (
        marginal_quantile(grid.log_thresholds, marginal, share) for share in (0.5, 0.025, 0.975)
    )
    function = PsychometricFunction(
        threshold=threshold,
        slope=float(np.exp(nuisance.sum(axis=(1, 2)) @ np.log(_SLOPES))),
        guess_rate=float(guess @ _GUESS_RATES),
        lapse_rate=min(float(nuisance.sum(axis=(0, 1)) @ _LAPSE_RATES), 1 - float(guess @ _GUESS_RATES)),
    )
    return PsychometricFit(
        function=function,
        interval=(low, high),
        false_alarm=function.guess_rate,
        false_alarm_interval=_discrete_interval(_GUESS_RATES, guess),
        hit_at_max=float((posterior * at_max).sum()),
        n_trials=int(counts.total.sum()),
        strongest=strongest,
        _draws=_draw(grid, posterior),
    )


def _draw(grid: Grid, posterior: Values, count: int = 400) -> Values:
    """Take `count` parameter sets by systematic sampling, which needs no random numbers."""
    cumulative = np.cumsum(posterior.ravel())
    at = np.searchsorted(cumulative, (np.arange(count) + 0.5) / count * cumulative[-1])
    threshold, slope, guess, lapse = np.unravel_index(
        at, (len(grid.log_thresholds), len(_SLOPES), len(_GUESS_RATES), len(_LAPSE_RATES))
    )
    return np.column_stack(
        [np.exp(grid.log_thresholds[threshold]), _SLOPES[slope], _GUESS_RATES[guess], _LAPSE_RATES[lapse]]
    )


def _discrete_interval(values: Values, mass: Values) -> tuple[float, float]:
    cumulative = np.cumsum(mass)
    low, high = np.interp([0.025, 0.975], cumulative, values)
    return float(low), float(high)


def _beta_mass(points: Values, a: float, b: float) -> Values:
    """Mass of a beta distribution near each point: density times the width of the point's cell."""
    middles = (points[1:] + points[:-1]) / 2
    widths = np.diff(np.concatenate([[0.0], middles, [1.0]]))
    return np.asarray(points ** (a - 1) * (1 - points) ** (b - 1) * widths)
