"""Fit content effects to the thresholds an observer showed, and the intervals around them.

Ridge regression per family, robust (iteratively reweighted, Huber 1964), with censored pictures imputed at
their bound or beyond it, whichever the fit says (Schmee & Hahn 1979). Intervals come from predictions of
pictures left out of the fit (CV+, Barber et al. 2021). Asking the observer is `threshold_training`'s matter.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from predictor.threshold_search import Searched
from predictor.thresholds import ContentEffect, FamilySettings

FEWEST_PICTURES = 40
_FOLDS = 8
_PENALTIES = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 1e4, 1e7)  # the last: no content at all
_ROUNDS = 6
_HUBER = 1.0  # of the robust spread: beyond it a picture pulls no harder
_QUANTILES = 41
_COVERAGE = 0.95
_RARE = 0.01  # share of pictures at either end whose readings are held to the rest

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fitted:
    """One family's effect with its settings, and how it did on pictures left out."""

    effect: ContentEffect
    settings: FamilySettings
    median_error: float  # |ln(predicted / observed)|, measured pictures
    median_error_without_content: float
    penalty: float


def fit_family(readings: Matrix, searched: Searched, profile_threshold: float) -> Fitted:
    """Fit one family.

    Args:
        readings: (N, readings) of the pictures' content.
        searched: Their thresholds by the observer.
        profile_threshold: The observer's, in levels; effects are relative to it.

    Raises:
        ValueError: Fewer than 40 pictures.
    """
    count = len(readings)
    if count < FEWEST_PICTURES:
        raise ValueError(f"expected at least {FEWEST_PICTURES} pictures to learn thresholds, got {count}")
    targets = searched.log_levels - np.log(profile_threshold)
    folds = np.arange(count) % _FOLDS
    tried = {penalty: _left_out(readings, targets, searched, folds, penalty) for penalty in _PENALTIES}
    errors = {penalty: _median_error(found, targets, searched) for penalty, found in tried.items()}
    best = min(errors, key=lambda penalty: errors[penalty])
    everything = np.ones(count, dtype=bool)
    plain = np.full(count, np.median(targets))
    return Fitted(
        effect=_fit(readings, targets, searched, everything, best),
        settings=_settings(_residuals(tried[best], targets, searched), searched.steepness),
        median_error=errors[best],
        median_error_without_content=_median_error(plain, targets, searched),
        penalty=best,
    )


def _left_out(
    readings: Matrix, targets: Matrix, searched: Searched, folds: npt.NDArray[np.intp], penalty: float
) -> Matrix:
    """Predict every picture by a fit that has not seen it."""
    found = np.empty(len(targets))
    for fold in range(_FOLDS):
        effect = _fit(readings, targets, searched, folds != fold, penalty)
        found[folds == fold] = [effect.of(row) for row in readings[folds == fold].astype(np.float32)]
    return found


def _fit(
    readings: Matrix, targets: Matrix, searched: Searched, chosen: npt.NDArray[np.bool_], penalty: float
) -> ContentEffect:
    """Standardise, then alternate between imputing censored targets and reweighted ridge regression."""
    rows = readings[chosen]
    least, most = np.quantile(rows, [_RARE, 1 - _RARE], axis=0)
    held = np.clip(rows, least, most)
    center, spread = held.mean(axis=0), held.std(axis=0) + 1e-3
    design = (held - center) / spread
    bound, censored, below = targets[chosen], searched.is_censored[chosen], searched.is_below[chosen]
    weights, bias, pull = np.zeros(design.shape[1]), float(np.median(bound)), np.ones(len(bound))
    for _ in range(_ROUNDS):
        predicted = design @ weights + bias
        imputed = np.where(censored, np.maximum(bound, predicted), bound)
        imputed = np.where(below, np.minimum(bound, predicted), imputed)
        off = np.abs(imputed - predicted)
        scale = 1.48 * float(np.median(off)) + 1e-6
        pull = 1.0 / np.maximum(1.0, off / (_HUBER * scale))
        weights, bias = _ridge(design, imputed, pull, penalty)
    bias += float(np.median(imputed - design @ weights - bias))
    return ContentEffect(
        least=least.astype(np.float32),
        most=most.astype(np.float32),
        center=center.astype(np.float32),
        spread=spread.astype(np.float32),
        weights=weights.astype(np.float32),
        bias=bias,
    )


def _ridge(design: Matrix, targets: Matrix, pull: Matrix, penalty: float) -> tuple[Matrix, float]:
    """Solve weighted ridge regression; the bias is not penalised."""
    share = pull / pull.sum()
    middle, level = share @ design, float(share @ targets)
    centred = design - middle
    gram = (centred * pull[:, None]).T @ centred + penalty * np.eye(design.shape[1])
    weights = np.linalg.solve(gram, (centred * pull[:, None]).T @ (targets - level))
    return weights, level - float(middle @ weights)


def _residuals(predicted: Matrix, targets: Matrix, searched: Searched) -> Matrix:
    """Return ln(observed over predicted); censored pictures count where they contradict it."""
    off = targets - predicted
    off = np.where(searched.is_censored, np.maximum(off, 0.0), off)
    return np.where(searched.is_below, np.minimum(off, 0.0), off)


def _median_error(predicted: Matrix, targets: Matrix, searched: Searched) -> float:
    off = np.abs(_residuals(predicted, targets, searched))
    chosen = off[searched.is_measured] if searched.is_measured.any() else off
    return float(np.median(chosen))


def _settings(residuals: Matrix, steepness: Matrix) -> FamilySettings:
    """Take conformal bounds: the k-th smallest of n, k = (n + 1) * share, rounded outwards."""
    ordered = np.sort(residuals)
    tail = max(1, int(np.floor((len(ordered) + 1) * (1 - _COVERAGE) / 2)))
    known = steepness[np.isfinite(steepness) & (steepness > 0)]
    shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    return FamilySettings(
        residuals=tuple(round(float(value), 4) for value in np.quantile(ordered, shares)),
        below=min(0.0, float(ordered[tail - 1])),
        above=max(0.0, float(ordered[-tail])),
        steepness=float(np.clip(np.median(known), 1.0, 12.0)) if len(known) else 3.0,
    )
