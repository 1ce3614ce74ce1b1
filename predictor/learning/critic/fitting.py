"""Fit what turns measures into a score, a map of losses, and an interval that holds.

Every figure here is of pictures left out by their fold, never of pictures fitted to.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.svm import SVR
from torch import nn
from torch.nn import functional

from predictor.critic.measures import Floats, Measures
from predictor.critic.quality_map import MapModel, described_ninths
from predictor.critic.score import Evening, Kernel, Layers, Quality
from predictor.learning.critic.split import FOLDS
from predictor.learning.tree_export import export_regression_trees

_WIDTH = 0.25  # of the kernel; this and what follows by cross-validation over the training thirds
_COST, _TUBE = 20.0, 2.0  # of people's scores, in points
_NETWORK_WEIGHT = 1.2  # of what the network sees, beside what is measured
_MEMBERS, _HIDDEN = 3, (96, 32)  # of what tells damage
_BATCH, _STEPS, _RATE, _DROPPED, _DECAY = 128, 2500, 2e-3, 0.2, 0.05
_PHOTOGRAPHS_COUNT = 4  # times as much as damaged versions: of those there are six each
_PERFECT = 4.6  # KADID's opinion of identical pairs
_RIDGE = 300.0


@dataclass(frozen=True, eq=False)
class Lessons:
    """Photographs of the training thirds, and damaged versions of them."""

    rows: Floats  # (N, F) as `specialist.examine` gives
    mos: Floats  # (N,) people's score of the photograph itself
    remains: Floats  # (N,) which share of it remains after the damage, 0 to 1; 1 for a photograph itself
    fold: npt.NDArray[np.intp]  # (N,) of the photograph

    @property
    def targets(self) -> Floats:
        """What each should score."""
        targets: Floats = self.mos * self.remains
        return targets

    @property
    def is_photograph(self) -> npt.NDArray[np.bool_]:
        """Which are as they were when people scored them."""
        return np.asarray(self.remains == 1)


def remaining(opinions: Mapping[tuple[int, int], float], kind: int, level: int) -> float:
    """Return which share of a score KADID's people leave a picture damaged so; 1 where nothing is seen.

    `opinions` are mean scores of 1 to 5 by type and level.
    """
    return float(np.clip((opinions[kind, level] - 1) / (_PERFECT - 1), 0.02, 0.999) ** 0.8)


def fit_quality(lessons: Lessons, measured: int) -> Quality:
    """Fit people's scores to photographs alone, and what damage leaves to all lessons.

    One fit to both ranks photographs worse: that a score was made by rule shows in it. The first `measured`
    columns are measures, the others the network's.
    """
    photographs = lessons.is_photograph
    evening = Evening.of(lessons.rows[photographs])
    shown = evening.apply(lessons.rows)
    seen = lessons.rows.shape[1] - measured
    natural_weights = _weights(measured, seen, _NETWORK_WEIGHT)
    natural = SVR(C=_COST, gamma=1.0, epsilon=_TUBE)
    natural.fit((shown * natural_weights)[photographs], lessons.mos[photographs])
    trees = GradientBoostingRegressor(
        n_estimators=250,
        learning_rate=0.05,
        max_depth=4,
        subsample=0.5,
        max_features=0.05,
        min_samples_leaf=5,
        random_state=0,
    ).fit(lessons.rows[photographs], lessons.mos[photographs])
    return Quality(
        evening,
        _exported(natural, natural_weights),
        export_regression_trees(trees),
        fit_remains(shown, lessons.remains),
    )


def fit_remains(shown: Floats, remains: Floats) -> Layers:
    """Fit which share of a score damage leaves, to evened rows of all lessons."""
    rows, wanted = torch.from_numpy(shown.astype(np.float32)), torch.from_numpy(remains)
    counts = torch.where(wanted == 1, float(_PHOTOGRAPHS_COUNT), 1.0)
    members = [_fit_member(rows, wanted, counts, seed) for seed in range(_MEMBERS)]
    parts = [
        [member[place].get_parameter(name).detach().half().float().numpy() for member in members]
        for place in (0, 3, 5)
        for name in ("weight", "bias")
    ]
    first, first_bias, second, second_bias, last, last_bias = (np.stack(part) for part in parts)
    return Layers(first, first_bias, second, second_bias, last[:, 0], last_bias[:, 0])


def _fit_member(rows: torch.Tensor, wanted: torch.Tensor, counts: torch.Tensor, seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    hidden, told = _HIDDEN
    member = nn.Sequential(
        *(nn.Linear(rows.shape[1], hidden), nn.ReLU(), nn.Dropout(_DROPPED)),
        *(nn.Linear(hidden, told), nn.ReLU(), nn.Linear(told, 1)),
    )
    optimiser = torch.optim.AdamW(member.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=_STEPS)
    for _ in range(_STEPS):
        chosen = torch.multinomial(counts, _BATCH, replacement=True)
        loss = functional.mse_loss(torch.sigmoid(member(rows[chosen])[:, 0]), wanted[chosen])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return member.eval()


def score_left_out(lessons: Lessons, measured: int) -> Floats:
    """Return the score of every lesson by a fit to the other folds' photographs.

    Of damaged versions it is what their score is without a look at their noise.
    """
    scores = np.zeros(len(lessons.mos), np.float32)
    for fold in range(FOLDS):
        out = lessons.fold == fold
        kept = Lessons(lessons.rows[~out], lessons.mos[~out], lessons.remains[~out], lessons.fold[~out])
        scores[out] = fit_quality(kept, measured).mos(lessons.rows[out], noisiness=0.0)
    return scores


def _weights(measured: int, seen: int, network_weight: float) -> Floats:
    columns = [np.full(measured, measured**-0.5), np.full(seen, network_weight * seen**-0.5)]
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
