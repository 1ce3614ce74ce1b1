"""Coverage of the 95 % intervals over slopes, lapses and false alarms, in sessions like the command line's.

Every observer answers 25 questions about each of 15 distortions, two placed at a time; the fits know of one
another what `calibration.assessment` tells them. Priors and interval tails were chosen at thresholds 2.5, 7,
15 and 33 with seed 101, never at those below. Beside each fit stands the one of before lapses were expected
and slopes shared, on the same answers: levels are placed now as they were then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from calibration.false_alarms import CatchCount, guess_prior
from calibration.fitting import (
    Counts,
    Values,
    fit_psychometric,
    marginal_quantile,
    posterior_of,
    slope_likelihood,
)
from calibration.parameters import RARE_LAPSES, GuessPrior, coarse_grid
from calibration.procedures.adaptive import Mass, Placement, TrialPlan, placement
from calibration.psychometric import PsychometricFunction
from calibration.slopes import slope_priors
from calibration.stimuli.registry import DISTORTIONS

SLOPES = (1.5, 3.0, 6.0)
LAPSES = (0.02, 0.05, 0.1)
FALSE_ALARMS = (0.02, 0.1, 0.2)
THRESHOLDS = (4.0, 10.0, 20.0, 40.0)
QUERIES = 25
WAVE = 2
STRONGEST = tuple(float(distortion.levels) for distortion in DISTORTIONS.values())
_TOGETHER = 120  # runs advanced side by side; bounds memory


@dataclass(frozen=True)
class Cell:
    """What sessions of one kind of observer gave, over all thresholds."""

    slope: float
    lapse: float
    false_alarm: float
    thresholds: Values  # (N,), true
    found: Values  # (N,)
    low: Values  # (N,)
    high: Values  # (N,)
    earlier: Values  # (N,) what the earlier fit found
    earlier_low: Values  # (N,)
    earlier_high: Values  # (N,)

    @property
    def covered(self) -> Values:
        """Whether each interval holds the true threshold, (N,)."""
        return (self.low <= self.thresholds) & (self.thresholds <= self.high)

    @property
    def widths(self) -> Values:
        """Ln of the upper over the lower end, (N,)."""
        return np.log(self.high / self.low)

    @property
    def errors(self) -> Values:
        """Ln of the threshold found over the true one, (N,)."""
        return np.log(self.found / self.thresholds)

    @property
    def earlier_widths(self) -> Values:
        """The same of the earlier fit."""
        return np.log(self.earlier_high / self.earlier_low)

    @property
    def earlier_errors(self) -> Values:
        """The same of the earlier fit."""
        return np.log(self.earlier / self.thresholds)

    def record(self) -> dict[str, float]:
        """Return what is printed as JSON."""
        observer = {"slope": self.slope, "lapse": self.lapse, "false_alarm": self.false_alarm}
        figures = {
            "coverage": self.covered.mean(),
            "width": np.median(self.widths),
            "rmse": _rms(self.errors),
        }
        return {**observer, **{name: round(float(value), 4) for name, value in figures.items()}}

    def __str__(self) -> str:
        return (
            f"slope {self.slope:g} lapse {self.lapse:.2f} false alarms {self.false_alarm:.2f}: "
            f"coverage {self.covered.mean():6.1%}  width {np.median(self.widths):.2f}  "
            f"RMSE {_rms(self.errors):.3f}  ({len(self.found)} intervals)"
        )


@dataclass(frozen=True)
class Totals:
    """The whole grid in a few figures."""

    worst: float  # coverage
    worst_cell: str
    pooled: float  # coverage
    width: float  # median, ln
    earlier_width: float
    rmse: float  # of ln threshold
    earlier_rmse: float
    intervals: int

    @classmethod
    def of(cls, cells: list[Cell]) -> "Totals":
        """Sum up."""
        worst = min(cells, key=lambda cell: cell.covered.mean())
        names = ("covered", "widths", "earlier_widths", "errors", "earlier_errors")
        covered, widths, earlier_widths, errors, earlier_errors = (
            np.concatenate([getattr(cell, name) for cell in cells]) for name in names
        )
        return cls(
            worst=float(worst.covered.mean()),
            worst_cell=f"slope {worst.slope:g} lapse {worst.lapse:g} false alarms {worst.false_alarm:g}",
            pooled=float(covered.mean()),
            width=float(np.median(widths)),
            earlier_width=float(np.median(earlier_widths)),
            rmse=_rms(errors),
            earlier_rmse=_rms(earlier_errors),
            intervals=len(covered),
        )


def measure_grid(sessions: int, seed: int) -> Iterator[Cell]:
    """Run so many sessions per cell and threshold."""
    for number, (slope, lapse, false_alarm) in enumerate(product(SLOPES, LAPSES, FALSE_ALARMS)):
        thresholds = np.repeat(THRESHOLDS, sessions)
        observers = [PsychometricFunction(each, slope, false_alarm, lapse) for each in thresholds]
        answered = zip(observers, *ask_sessions(observers, [seed, number]), strict=True)
        rows = [
            (observer.threshold, *found) for observer, *session in answered for found in fit_session(*session)
        ]
        yield Cell(slope, lapse, false_alarm, *np.array(rows).T)


def ask_sessions(observers: Sequence[PsychometricFunction], seed: list[int]) -> tuple[Values, Values]:
    """Run a session with each observer; return levels and answers, (observers, distortions, queries)."""
    levels = np.zeros((len(observers), len(STRONGEST), QUERIES))
    said = np.zeros(levels.shape, dtype=bool)
    for strongest in set(STRONGEST):
        which = [number for number, top in enumerate(STRONGEST) if top == strongest]
        step = max(1, _TOGETHER // len(which))
        for start in range(0, len(observers), step):
            some = observers[start : start + step]
            runs = [observer for observer in some for _ in which]
            asked = _ask(runs, strongest, [*seed, int(strongest), start])
            for target, answers in zip((levels, said), asked, strict=True):
                target[start : start + step, which] = answers.reshape(len(some), len(which), QUERIES)
    return levels, said


def fit_session(levels: Values, said: Values) -> list[tuple[float, ...]]:
    """Fit every distortion of one session as `calibration.assessment` does.

    Returns:
        By distortion: threshold, low, high, and the same three of the earlier fit.
    """
    counts = {
        name: Counts.of([(float(level), bool(yes)) for level, yes in zip(*answers, strict=True)])
        for name, *answers in zip(DISTORTIONS, levels, said, strict=True)
    }
    catches = {
        name: CatchCount(int(yes[level == 0].sum()), int((level == 0).sum()))
        for name, level, yes in zip(DISTORTIONS, levels, said, strict=True)
    }
    known = {
        name: (counts[name], strongest, guess_prior(name, catches))
        for name, strongest in zip(DISTORTIONS, STRONGEST, strict=True)
    }
    slopes = slope_priors({name: slope_likelihood(*each) for name, each in known.items()})
    fits = {name: fit_psychometric(*each, slopes[name]) for name, each in known.items()}
    return [
        (fit.function.threshold, *fit.interval, *_fit_as_before(*known[name])) for name, fit in fits.items()
    ]


def _fit_as_before(counts: Counts, strongest: float, prior: GuessPrior) -> tuple[float, ...]:
    """Threshold, low and high: lapses taken for rare, any slope, the same mass beyond both ends."""
    coarse = coarse_grid(strongest, prior, lapse_prior=RARE_LAPSES)
    grid = coarse.refined(posterior_of(coarse, counts))
    marginal = posterior_of(grid, counts).sum(axis=1)
    return tuple(marginal_quantile(grid.log_thresholds, marginal, share) for share in (0.5, 0.04, 0.96))


def _ask(
    observers: Sequence[PsychometricFunction], strongest: float, seed: list[int]
) -> tuple[Values, Values]:
    """Advance one run of each observer together, as `Adaptive` would one by one in waves of two."""
    rng, place, runs = np.random.default_rng([*seed, 1]), placement(strongest), len(observers)
    plans = [TrialPlan(np.random.default_rng([*seed, 2, run])) for run in range(runs)]
    posterior = place.prior(runs)
    levels, said = np.zeros((runs, QUERIES)), np.zeros((runs, QUERIES), dtype=bool)
    for start in range(0, QUERIES, WAVE):
        wave = range(start, min(start + WAVE, QUERIES))
        doubts, pending = place.doubts(posterior), None
        for index in wave:
            kinds = np.array([plan.kind(index) for plan in plans])
            at = np.argmin(_entropy(place, posterior, pending), axis=1) + 1
            at = np.where((kinds == "check") & doubts, len(place.levels) - 1, at)
            pending = np.where(kinds == "catch", 0, at)
            levels[:, index] = place.levels[pending]
        chances = [
            observer.probability(shown) for observer, shown in zip(observers, levels[:, wave], strict=True)
        ]
        said[:, wave] = rng.random((runs, len(wave))) < np.array(chances)
        for index in wave:
            at = np.searchsorted(place.levels, levels[:, index])
            posterior = place.update(posterior, at, said[:, index])
    return levels, said


def _entropy(place: Placement, posterior: Mass, pending: Values | None) -> Mass:
    """Expected entropy after each candidate, (runs, N - 1), reckoning with an answer on its way."""
    entropy = place.expected_entropy(posterior)
    if pending is None:
        return entropy
    yes = posterior * np.moveaxis(place.table[:, :, pending], 2, 1)
    awaited = place.expected_entropy(yes) + place.expected_entropy(posterior - yes)
    return np.where((pending > 0)[:, None], awaited, entropy)


def _rms(errors: Values) -> float:
    return float(np.sqrt(np.mean(errors**2)))
