"""Fit content effects to the thresholds an observer showed, and the intervals around them.

Per family the mean of two fits on ln(level + fixed part): ridge regression, robust (iteratively reweighted,
Huber 1964), with censored pictures imputed at their bound or beyond it, whichever the fit says (Schmee &
Hahn 1979); and boosted trees on the same targets. The fixed part and the penalty are chosen by pictures left
out. The intervals put what the fits lacked on pictures they had not seen, pooled over the folds, around the
fit to all pictures. Unlike split conformal prediction or CV+ (Barber et al. 2021) that has no guarantee: it
takes the full fit to do as well as the folds'. The bounds taken are cautious (`_tail`); whether they hold is
measured on held-out pictures, by the benchmark. Asking observers is the matter of `search`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.stats import binom
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge

from predictor.learning.thresholds.search import Searched
from predictor.learning.tree_export import export_regression_trees
from predictor.thresholds.content_effect import ContentEffect, EffectSettings, LinearEffect
from predictor.thresholds.notice_curve import average_chances

FEWEST_PICTURES = 40
FIXED_PARTS = (0.0, 1.0, 3.0, 10.0, 30.0)  # levels
_FOLDS = 8
_PENALTIES = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 1e7)  # the last: no content at all
_USUAL_PENALTY, _AS_WELL = 10.0, 1.03
_ROUNDS = 5
_STEEPNESSES = (0.5, 30.0)  # tried
_SUREST = 1e-3  # no chance is taken to be nearer to 0 or 1
_HUBER = 1.0  # of the robust spread: beyond it a picture pulls no harder
_QUANTILES = 41
COVERAGE, _CONFIDENCE = 0.95, 0.9
_TREES, _TREE_DEPTH, _TREE_SHRINKAGE = 60, 3, 0.1
_RARE = 0.01  # share of pictures at either end whose readings are held to the rest

Matrix = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Fitted:
    """One family's effect with its settings, and how it did on pictures left out."""

    effect: ContentEffect
    settings: EffectSettings
    median_error: float  # |ln(predicted / observed)|, measured pictures
    median_error_without_content: float
    penalty: float
    held_out: Matrix  # (N,) effects of the pictures, each predicted without having seen it

    @property
    def figures(self) -> dict[str, float]:
        """Return what a card says of the fit."""
        return {
            "median_error": round(self.median_error, 4),
            "without_content": round(self.median_error_without_content, 4),
            "penalty": self.penalty,
        }


@dataclass(frozen=True, eq=False)
class _Design:
    """The readings of chosen pictures, held to the rest and standardised."""

    chosen: Flags  # (N,)
    least: Matrix  # (readings,)
    most: Matrix
    center: Matrix
    spread: Matrix
    rows: Matrix  # (chosen, readings)

    @classmethod
    def of(cls, readings: Matrix, chosen: Flags) -> "_Design":
        least, most = np.quantile(readings[chosen], [_RARE, 1 - _RARE], axis=0)
        held = np.clip(readings[chosen], least, most)
        center, spread = held.mean(axis=0), held.std(axis=0) + 1e-3
        return cls(chosen, least, most, center, spread, (held - center) / spread)


@dataclass(frozen=True, eq=False)
class Lessons:
    """What is known of one family: N pictures described, and where the observer started to notice."""

    readings: Matrix  # (N, readings)
    searched: Searched
    own: float  # the observer's own threshold; effects are relative to it
    least: float  # level below which nothing is predicted

    def targets(self, fixed_part: float) -> Matrix:
        """Return the effects the observer showed."""
        shown = np.log(np.exp(self.searched.log_levels) + fixed_part)
        return np.asarray(shown - np.log(self.own + fixed_part), dtype=np.float64)

    @cached_property
    def everything(self) -> _Design:
        """Return the design of all pictures."""
        return _Design.of(self.readings, np.ones(len(self.readings), dtype=np.bool_))

    @cached_property
    def folds(self) -> list[_Design]:
        """Return the designs without each fold in turn."""
        folds = np.arange(len(self.readings)) % _FOLDS
        return [_Design.of(self.readings, folds != fold) for fold in range(_FOLDS)]

    def errors(self, predicted: Matrix, fixed_part: float) -> Matrix:
        """Return |ln(predicted / observed)| of the measured pictures; of all where none is."""
        levels = np.maximum(np.exp(predicted) * (self.own + fixed_part) - fixed_part, self.least)
        off = np.abs(np.log(levels) - self.searched.log_levels)
        return off[self.searched.is_measured] if self.searched.is_measured.any() else off


@dataclass(frozen=True, eq=False)
class _Trial:
    """One fixed part and penalty, tried on pictures left out."""

    fixed_part: float
    penalty: float
    predicted: Matrix  # (N,) effects
    errors: Matrix  # |ln(predicted / observed)|, measured pictures

    @property
    def median_error(self) -> float:
        """Return what choices are made by."""
        return float(np.median(self.errors))


def fit_family(lessons: Lessons, fixed_parts: Sequence[float] = FIXED_PARTS) -> Fitted:
    """Fit one family.

    Raises:
        ValueError: Fewer than 40 pictures.
    """
    count = len(lessons.readings)
    if count < FEWEST_PICTURES:
        raise ValueError(f"expected at least {FEWEST_PICTURES} pictures to learn thresholds, got {count}")
    best = _blended(lessons, _best_trial(lessons, fixed_parts))
    targets = lessons.targets(best.fixed_part)
    plain = np.full(count, np.median(targets))
    return Fitted(
        effect=_fit_both(lessons, targets, lessons.everything, best.penalty),
        settings=_settings(residuals(best.predicted, targets, lessons.searched), best, lessons),
        median_error=best.median_error,
        median_error_without_content=float(np.median(lessons.errors(plain, best.fixed_part))),
        penalty=best.penalty,
        held_out=best.predicted,
    )


def residuals(predicted: Matrix, targets: Matrix, searched: Searched) -> Matrix:
    """Return observed less predicted effects; censored pictures count where they contradict it."""
    off = targets - predicted
    off = np.where(searched.is_censored, np.maximum(off, 0.0), off)
    return np.where(searched.is_below, np.minimum(off, 0.0), off)


def interval_shares(off: Matrix, settings: EffectSettings) -> Matrix:
    """Return residuals in half-intervals of training's observers: beyond 1 lies outside."""
    below, above = min(settings.below, -1e-6), max(settings.above, 1e-6)
    return np.where(off < 0, off / below, off / above)


def conformal_bound(scores: Matrix) -> float:
    """Return what COVERAGE of fresh scores keep: the k-th smallest, k = (n + 1) COVERAGE, rounded up."""
    ordered = np.sort(scores)
    return float(ordered[min(len(ordered), int(np.ceil((len(ordered) + 1) * COVERAGE))) - 1])


def _best_trial(lessons: Lessons, fixed_parts: Sequence[float]) -> _Trial:
    """Choose the fixed part at a usual penalty, the smallest of those that do as well; then the penalty."""
    tried = [_try(lessons, fixed, _USUAL_PENALTY) for fixed in sorted(fixed_parts)]
    least = min(trial.median_error for trial in tried)
    fixed_part = next(trial.fixed_part for trial in tried if trial.median_error <= _AS_WELL * least)
    return min(
        (_try(lessons, fixed_part, penalty) for penalty in _PENALTIES), key=lambda trial: trial.median_error
    )


def _try(lessons: Lessons, fixed_part: float, penalty: float) -> _Trial:
    """Predict every picture by a fit that has not seen it."""
    targets, found = lessons.targets(fixed_part), np.empty(len(lessons.readings))
    for design in lessons.folds:
        effect = _fit(lessons, targets, design, penalty)
        found[~design.chosen] = effect.of_each(lessons.readings[~design.chosen].astype(np.float32))
    return _Trial(fixed_part, penalty, found, lessons.errors(found, fixed_part))


def _blended(lessons: Lessons, chosen: _Trial) -> _Trial:
    """Predict every picture by both fits, neither of which has seen it."""
    targets, found = lessons.targets(chosen.fixed_part), np.empty(len(lessons.readings))
    for design in lessons.folds:
        effect = _fit_both(lessons, targets, design, chosen.penalty)
        found[~design.chosen] = effect.of_each(lessons.readings[~design.chosen].astype(np.float32))
    return _Trial(chosen.fixed_part, chosen.penalty, found, lessons.errors(found, chosen.fixed_part))


def _fit_both(lessons: Lessons, targets: Matrix, design: _Design, penalty: float) -> ContentEffect:
    """Fit the line, then the trees to what the line makes of censored pictures."""
    line, readings = _fit(lessons, targets, design, penalty), lessons.readings.astype(np.float32)
    shown = _imputed(targets, line.of_each(readings), lessons.searched)[design.chosen]
    trees = GradientBoostingRegressor(
        loss="huber",
        n_estimators=_TREES,
        max_depth=_TREE_DEPTH,
        learning_rate=_TREE_SHRINKAGE,
        subsample=0.6,
        max_features=0.2,
        random_state=0,
    ).fit(readings[design.chosen], shown)
    return ContentEffect(line, export_regression_trees(trees))


def _imputed(targets: Matrix, predicted: Matrix, searched: Searched) -> Matrix:
    """Take a censored picture for what is predicted of it, as far as its bound allows."""
    found = np.where(searched.is_censored, np.maximum(targets, predicted), targets)
    return np.where(searched.is_below, np.minimum(targets, predicted), found)


def _fit(lessons: Lessons, targets: Matrix, design: _Design, penalty: float) -> LinearEffect:
    """Alternate between imputing censored targets and reweighted ridge regression."""
    rows, chosen, searched = design.rows, design.chosen, lessons.searched
    bound, censored, below = targets[chosen], searched.is_censored[chosen], searched.is_below[chosen]
    weights, bias, pull = np.zeros(rows.shape[1]), float(np.median(bound)), np.ones(len(bound))
    for _ in range(_ROUNDS):
        predicted = rows @ weights + bias
        imputed = np.where(censored, np.maximum(bound, predicted), bound)
        imputed = np.where(below, np.minimum(bound, predicted), imputed)
        off = np.abs(imputed - predicted)
        scale = 1.48 * float(np.median(off)) + 1e-6
        pull = 1.0 / np.maximum(1.0, off / (_HUBER * scale))
        line = Ridge(alpha=penalty).fit(rows, imputed, sample_weight=pull)
        weights, bias = line.coef_, float(line.intercept_)
    bias += float(np.median(imputed - rows @ weights - bias))
    return LinearEffect(
        least=design.least.astype(np.float32),
        most=design.most.astype(np.float32),
        center=design.center.astype(np.float32),
        spread=design.spread.astype(np.float32),
        weights=weights.astype(np.float32),
        bias=bias,
    )


def _settings(off: Matrix, best: _Trial, lessons: Lessons) -> EffectSettings:
    """Take the k-th smallest and largest of n as bounds, see `_tail`."""
    ordered = np.sort(off)
    tail = _tail(len(ordered))
    shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    spread = tuple(round(float(value), 4) for value in np.quantile(ordered, shares))
    return EffectSettings(
        residuals=spread,
        below=min(0.0, float(ordered[tail - 1])),
        above=max(0.0, float(ordered[-tail])),
        fixed_part=best.fixed_part,
        steepness=_steepness(lessons, best, spread),
    )


def _tail(count: int) -> int:
    """Return which order statistic to take, so that it leaves out no more than its share with confidence.

    Vovk (2012), "Conditional validity of inductive conformal predictors", prop. 2a: a bound at the k-th of n
    leaves out more than a share e of fresh pictures with probability P(Binomial(n, e) < k). That holds for
    residuals of one fixed prediction; the pooled ones here are only close to that. Below 91 pictures even
    the farthest residual is not that sure: it is taken for want of a farther one.
    """
    rare = binom.cdf(np.arange(count), count, (1 - COVERAGE) / 2) <= 1 - _CONFIDENCE
    return max(1, int(rare.sum()))


def _steepness(lessons: Lessons, best: _Trial, spread: tuple[float, ...]) -> float:
    """Return the steepness under which random levels are noticed as surely as they were.

    By maximum likelihood, each picture's threshold as predicted without having seen it, the doubt averaged
    over: as the curve is served.
    """
    middle = np.log(lessons.own + best.fixed_part) + best.predicted
    at = np.log(np.exp(lessons.searched.drawn) + best.fixed_part) - middle
    noticed = lessons.searched.noticed

    def surprise(log_steepness: float) -> float:
        chances = np.clip(average_chances(at, spread, float(np.exp(log_steepness))), _SUREST, 1 - _SUREST)
        return float(-np.mean(noticed * np.log(chances) + (1 - noticed) * np.log(1 - chances)))

    found = minimize_scalar(surprise, bounds=tuple(np.log(_STEEPNESSES)), method="bounded")
    return round(float(np.exp(found.x)), 4)
