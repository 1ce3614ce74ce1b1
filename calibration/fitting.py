"""From answers to a psychometric function with its interval: a Bayesian posterior on a grid.

Slope, guess rate and lapse rate are nuisances that are averaged out, which is what makes intervals honest
with few trials. Answers are yes or no, or probabilities where the observer states them. The grid and its
prior: `calibration.parameters`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from calibration.parameters import ANY_SLOPE, UNINFORMED, Grid, GuessPrior, SlopePrior, coarse_grid
from calibration.psychometric import PsychometricFunction, weibull
from calibration.readings import PRECISIONS, expected_index, likelihoods

Values = npt.NDArray[np.float64]

# Posterior mass beyond either end of what is reported as the 95 % interval. Levels placed where they tell
# most leave the slope open, so the whole 95 % covers 98-99 % at the usual slope of 3; lapses are mistaken
# upwards, so it is the upper end that has room. Calibrated on simulated runs of other seeds and thresholds
# than the benchmark's. Stated probabilities need no such correction.
_TAILS_OF_ANSWERS, _TAILS_OF_READINGS = (0.02, 0.04), (0.025, 0.025)


@dataclass(frozen=True)
class Counts:
    """Answers of one run: yes and no by level, and stated probabilities one by one."""

    levels: Values  # (N,), 0 for identical pairs
    different: Values  # (N,) times "different" was said
    total: Values  # (N,)
    read_levels: Values = field(default_factory=lambda: np.zeros(0))  # (R,)
    readings: Values = field(default_factory=lambda: np.zeros(0))  # (R,) stated P("different")

    @classmethod
    def of(cls, answers: Sequence[tuple[float, bool]]) -> "Counts":
        """Count (level, said "different") pairs."""
        levels = np.unique([level for level, _ in answers]) if answers else np.zeros(0)
        yes = [sum(said for at, said in answers if at == level) for level in levels]
        total = [sum(1 for at, _ in answers if at == level) for level in levels]
        return cls(levels, np.array(yes, dtype=np.float64), np.array(total, dtype=np.float64))

    @classmethod
    def with_readings(cls, answers: Sequence[tuple[float, bool, float | None]]) -> "Counts":
        """Take (level, said "different", stated probability) triples: the probability where there is one."""
        counted = cls.of([(level, said) for level, said, stated in answers if stated is None])
        read = [(level, stated) for level, _, stated in answers if stated is not None]
        at, stated = (
            np.array(column, dtype=np.float64) for column in (zip(*read, strict=True) if read else ((), ()))
        )
        return cls(counted.levels, counted.different, counted.total, at, stated)

    @property
    def n_trials(self) -> int:
        """How many answers there are."""
        return int(self.total.sum()) + len(self.readings)


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


def fit_psychometric(
    counts: Counts,
    strongest: float,
    guess_prior: GuessPrior = UNINFORMED,
    slope_prior: SlopePrior = ANY_SLOPE,
) -> PsychometricFit:
    """Fit threshold, slope, guess rate and lapse rate to the answers of one distortion.

    Args:
        counts: Answers, identical pairs included as level 0.
        strongest: The strongest level of the distortion.
        guess_prior: What is known of the false-alarm rate beforehand.
        slope_prior: What is known of the slope beforehand.
    """
    coarse = coarse_grid(strongest, guess_prior, slope_prior)
    grid = coarse.refined(posterior_of(coarse, counts))
    return _summarise(grid, posterior_of(grid, counts), counts)


def slope_likelihood(counts: Counts, strongest: float, guess_prior: GuessPrior = UNINFORMED) -> Values:
    """Return how well each of `SLOPES` explains the answers, all else averaged out; (S,), up to a factor."""
    grid = coarse_grid(strongest, guess_prior)
    before, after = (
        mass.reshape(grid.shape).sum(axis=(0, 2, 3))
        for mass in (np.exp(grid.log_prior), posterior_of(grid, counts))
    )
    return np.asarray(after / before)


def posterior_of(grid: Grid, counts: Counts) -> Values:
    """Return the normalised posterior mass, (T, K)."""
    log_posterior = grid.log_prior.copy()
    if len(counts.levels):
        p = grid.probability(counts.levels).astype(np.float32)  # its logarithms take a quarter of the time
        said, unsaid = (
            each.astype(np.float32) for each in (counts.different, counts.total - counts.different)
        )
        log_posterior += np.tensordot(said, np.log(p), axes=1)
        log_posterior += np.tensordot(unsaid, np.log1p(-p), axes=1)
    if len(counts.readings):
        log_posterior += _log_likelihood_of_readings(grid, counts)
    mass = np.exp(log_posterior - log_posterior.max())
    return np.asarray(mass / mass.sum())


def marginal_quantile(log_thresholds: Values, marginal: Values, share: float) -> float:
    """Quantile of a marginal posterior over evenly spaced ln thresholds, interpolated; in levels."""
    step = log_thresholds[1] - log_thresholds[0]
    cumulative = np.concatenate([[0.0], np.cumsum(marginal)])
    edges = np.concatenate([log_thresholds - step / 2, [log_thresholds[-1] + step / 2]])
    return float(np.exp(np.interp(share, cumulative / cumulative[-1], edges)))


def _log_likelihood_of_readings(grid: Grid, counts: Counts) -> Values:
    """Ln likelihood of all readings, (T, K), their common precision averaged out."""
    by_precision = np.zeros((len(PRECISIONS), *grid.log_prior.shape))
    shown, which = np.unique(counts.read_levels, return_inverse=True)
    for number, expected in enumerate(grid.probability(shown)):
        at = expected_index(expected)  # (T, K)
        tables = np.sum([np.log(likelihoods(float(r))) for r in counts.readings[which == number]], axis=0)
        for precision, table in enumerate(tables):
            by_precision[precision] += table[at]
    highest = by_precision.max(axis=0)
    return np.asarray(highest + np.log(np.exp(by_precision - highest).mean(axis=0)))


def _summarise(grid: Grid, posterior: Values, counts: Counts) -> PsychometricFit:
    marginal = posterior.sum(axis=1)
    nuisance = posterior.reshape(grid.shape).sum(axis=0)  # (S, G, L)
    guess = nuisance.sum(axis=(0, 2))
    at_max = grid.probability(np.array([grid.strongest]))[0]
    below, above = _TAILS_OF_READINGS if len(counts.readings) else _TAILS_OF_ANSWERS
    threshold, low, high = (
        marginal_quantile(grid.log_thresholds, marginal, share) for share in (0.5, below, 1 - above)
    )
    function = PsychometricFunction(
        threshold=threshold,
        slope=float(np.exp(nuisance.sum(axis=(1, 2)) @ np.log(grid.slopes))),
        guess_rate=float(guess @ grid.guess_rates),
        lapse_rate=min(
            float(nuisance.sum(axis=(0, 1)) @ grid.lapse_rates), 1 - float(guess @ grid.guess_rates)
        ),
    )
    return PsychometricFit(
        function=function,
        interval=(low, high),
        false_alarm=function.guess_rate,
        false_alarm_interval=_discrete_interval(grid.guess_rates, guess),
        hit_at_max=float((posterior * at_max).sum()),
        n_trials=counts.n_trials,
        strongest=grid.strongest,
        _draws=_draw(grid, posterior),
    )


def _draw(grid: Grid, posterior: Values, count: int = 400) -> Values:
    """Take `count` parameter sets by systematic sampling, which needs no random numbers."""
    cumulative = np.cumsum(posterior.ravel())
    at = np.searchsorted(cumulative, (np.arange(count) + 0.5) / count * cumulative[-1])
    threshold, slope, guess, lapse = np.unravel_index(at, grid.shape)
    return np.column_stack(
        [
            np.exp(grid.log_thresholds[threshold]),
            grid.slopes[slope],
            grid.guess_rates[guess],
            grid.lapse_rates[lapse],
        ]
    )


def _discrete_interval(values: Values, mass: Values) -> tuple[float, float]:
    cumulative = np.cumsum(mass)
    low, high = np.interp([0.025, 0.975], cumulative, values)
    return float(low), float(high)
