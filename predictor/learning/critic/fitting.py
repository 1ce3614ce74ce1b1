"""Fit what turns measures into a score, a map of losses, and an interval that holds.

Every figure here is of pictures left out by their fold, never of pictures fitted to.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.svm import SVR

from predictor.critic.measures import Floats, Measures
from predictor.critic.quality_map import MapModel, described_ninths
from predictor.critic.remains import Remains
from predictor.critic.score import Evening, Kernel, Natural, Quality
from predictor.learning.critic.remains_fitting import STEPS, fit_shares, fit_worth
from predictor.learning.critic.split import FOLDS
from predictor.learning.tree_export import export_regression_trees

_WIDTH = 0.25  # of the kernel; this and what follows by cross-validation over the training thirds
_COST, _TUBE = 20.0, 2.0  # of people's scores, in points
_NETWORK_WEIGHT = 1.2  # of what the network sees, beside what is measured
_RIDGE = 300.0


@dataclass(frozen=True, eq=False)
class Lessons:
    """Photographs of the training thirds, parts of them, and damaged versions."""

    rows: Floats  # (N, F) as `specialist.examine` gives
    mos: Floats  # (N,) people's score of the photograph itself
    remains: Floats  # (N,) which share of it remains after the damage, 0 to 1; 1 for what is untouched
    fold: npt.NDArray[np.intp]  # (N,) of the photograph
    is_photograph: npt.NDArray[np.bool_]  # (N,) as it was when people scored it: neither part nor damaged


@dataclass(frozen=True, eq=False)
class Fitted:
    """The regressions, and what they would say of pictures that they were not fitted to."""

    quality: Quality
    left_out: Floats  # (N,) the score of each lesson by a fit to other folds, without a look at its noise


def fit_quality(lessons: Lessons, measured: int, *, steps: int = STEPS) -> Fitted:
    """Fit what photographs score as they are, and what damage leaves of that, apart from one another.

    One fit to both ranks photographs worse: that a score was made by rule shows in it. The first `measured`
    columns are measures, the others the network's. `steps` teach what tells damage.
    """
    evening = Evening.of(lessons.rows[lessons.is_photograph])
    rows, evened = lessons.rows[:, :measured], evening.apply(lessons.rows)
    natural, told = np.zeros(len(rows), np.float32), np.zeros(len(rows), np.float32)
    for fold in range(FOLDS):
        out = lessons.fold == fold
        natural[out] = _fit_natural(lessons, evened, measured, ~out).of(lessons.rows[out], evened[out])
        shares = fit_shares(
            rows[~out],
            evened[~out, :measured],
            lessons.remains[~out],
            lessons.is_photograph[~out],
            steps=steps,
        )
        told[out] = shares.told(rows[out], evened[out, :measured])
    worth = fit_worth(told, lessons.remains)
    shares = fit_shares(rows, evened[:, :measured], lessons.remains, lessons.is_photograph, steps=steps)
    everything = _fit_natural(lessons, evened, measured, np.ones(len(rows), np.bool_))
    return Fitted(
        Quality(evening, everything, Remains(shares, worth)), np.clip(natural * worth.of(told), 0, 100)
    )


def _fit_natural(lessons: Lessons, evened: Floats, measured: int, used: npt.NDArray[np.bool_]) -> Natural:
    """Fit people's scores to the photographs among the lessons that are used."""
    photographs = lessons.is_photograph & used
    weights = _weights(measured, lessons.rows.shape[1] - measured)
    kernel = SVR(C=_COST, gamma=1.0, epsilon=_TUBE)
    kernel.fit((evened * weights)[photographs], lessons.mos[photographs])
    trees = GradientBoostingRegressor(
        n_estimators=250,
        learning_rate=0.05,
        max_depth=4,
        subsample=0.5,
        max_features=0.05,
        min_samples_leaf=5,
        random_state=0,
    ).fit(lessons.rows[photographs], lessons.mos[photographs])
    return Natural(_exported(kernel, weights), export_regression_trees(trees))


def _weights(measured: int, seen: int) -> Floats:
    columns = [np.full(measured, measured**-0.5), np.full(seen, _NETWORK_WEIGHT * seen**-0.5)]
    weights: Floats = (np.concatenate(columns) * np.sqrt(_WIDTH)).astype(np.float32)
    return weights


def _exported(regression: SVR, weights: Floats) -> Kernel:
    return Kernel(
        weights,
        regression.support_vectors_.astype(np.float16).astype(np.float32),
        regression.dual_coef_[0].astype(np.float32),
        float(regression.intercept_[0]),
    )


def half_width(scores: Floats, mos: Floats, coverage: float = 0.95) -> float:
    """Return the half width that holds this share of new pictures (split conformal, Vovk et al. 2005)."""
    errors = np.sort(np.abs(scores - mos))
    rank = int(np.ceil(coverage * (len(errors) + 1)))
    return float(errors[min(rank, len(errors)) - 1])


def fit_map(measures: list[Measures], losses: Floats) -> MapModel:
    """Fit to pictures whose ninths lose so many points each, (N, 9)."""
    rows = np.concatenate([described_ninths(one) for one in measures])
    evening = Evening.of(rows)
    ridge = Ridge(_RIDGE).fit(evening.apply(rows), losses.ravel())
    return MapModel(evening, ridge.coef_.astype(np.float32), float(ridge.intercept_))
