"""Fit which share of its score a picture's damage leaves, and how far such a share is to be believed."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.isotonic import IsotonicRegression
from torch import nn
from torch.nn import functional

from predictor.critic.measures import Floats
from predictor.critic.remains import Layers, Shares, Worth
from predictor.learning.tree_export import export_regression_trees

_MEMBERS, _HIDDEN = 3, (96, 32)
_BATCH, _RATE, _DROPPED, _DECAY = 128, 2e-3, 0.2, 0.05
STEPS = 2500
_PHOTOGRAPHS_COUNT, _PARTS_COUNT = 4.0, 2.0  # times as much as a damaged version, of eight each
_TREES = 400
_TO_ONE_DAMAGED = 20.0  # untouched pictures: fewer order KADID's types better, more photographs
_ALWAYS = 0.05  # of what is told counts as it is: where the table is flat, more damage still costs something
_KNOTS = 41
_PERFECT = 4.6  # KADID's opinion of identical pairs

Which = npt.NDArray[np.bool_]


def remaining(opinions: Mapping[tuple[int, int], float], kind: int, level: int) -> float:
    """Return which share of a score KADID's people leave a picture damaged so; 1 where nothing is seen.

    `opinions` are mean scores of 1 to 5 by type and level.
    """
    return float(np.clip((opinions[kind, level] - 1) / (_PERFECT - 1), 0.02, 0.999) ** 0.8)


def fit_shares(
    rows: Floats, evened: Floats, remains: Floats, is_photograph: Which, *, steps: int = STEPS
) -> Shares:
    """Fit both judges to measures (N, F), as they are and evened out, of lessons that keep these shares."""
    counts = np.where(is_photograph, _PHOTOGRAPHS_COUNT, np.where(remains == 1, _PARTS_COUNT, 1.0))
    trees = GradientBoostingRegressor(
        n_estimators=_TREES,
        learning_rate=0.06,
        max_depth=5,
        subsample=0.7,
        max_features=0.1,
        min_samples_leaf=20,
        random_state=0,
    ).fit(rows, remains, sample_weight=counts)
    return Shares(_fit_layers(evened, remains, counts, steps), export_regression_trees(trees))


def fit_worth(told: Floats, remains: Floats) -> Worth:
    """Fit what is left where a share is told, from shares told of lessons that the judges were not fitted to.

    Among pictures as they come few are damaged: that many untouched ones count for each damaged version.
    """
    untouched = remains == 1
    counts = np.where(untouched, _TO_ONE_DAMAGED * (~untouched).sum() / max(1, untouched.sum()), 1.0)
    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    fitted.fit(told, remains, sample_weight=counts)
    knots = np.linspace(0, 1, _KNOTS, dtype=np.float32)
    left = (1 - _ALWAYS) * fitted.predict(knots) + _ALWAYS * knots
    return Worth(knots, left.astype(np.float32))


def _fit_layers(evened: Floats, remains: Floats, counts: npt.NDArray[np.float64], steps: int) -> Layers:
    rows, wanted = torch.from_numpy(evened.astype(np.float32)), torch.from_numpy(remains)
    members = [_fit_member(rows, wanted, torch.from_numpy(counts), seed, steps) for seed in range(_MEMBERS)]
    parts = [
        [member[place].get_parameter(name).detach().half().float().numpy() for member in members]
        for place in (0, 3, 5)
        for name in ("weight", "bias")
    ]
    first, first_bias, second, second_bias, last, last_bias = (np.stack(part) for part in parts)
    return Layers(first, first_bias, second, second_bias, last[:, 0], last_bias[:, 0])


def _fit_member(
    rows: torch.Tensor, wanted: torch.Tensor, counts: torch.Tensor, seed: int, steps: int
) -> nn.Sequential:
    torch.manual_seed(seed)
    hidden, told = _HIDDEN
    member = nn.Sequential(
        *(nn.Linear(rows.shape[1], hidden), nn.ReLU(), nn.Dropout(_DROPPED)),
        *(nn.Linear(hidden, told), nn.ReLU(), nn.Linear(told, 1)),
    )
    optimiser = torch.optim.AdamW(member.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for _ in range(steps):
        chosen = torch.multinomial(counts, _BATCH, replacement=True)
        loss = functional.mse_loss(torch.sigmoid(member(rows[chosen])[:, 0]), wanted[chosen])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return member.eval()
