"""Steady the scores that the critic LMM learns: what a regression on what its tower sees makes of people's.

Thirty ratings of a thousand photographs are soon known by heart. A regression is smooth, and it tells a score
also of pictures that nobody rated: of views of several photographs put together, as many as are wanted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from torch import Tensor

from predictor.learning.critic_lmm.judged import Judged

Floats = npt.NDArray[np.float32]

_WIDTH, _COST, _TUBE = 0.25, 20.0, 2.0  # as of the specialist's scores
_FLOOR = 0.02  # added to features before their logarithm is taken


@dataclass(frozen=True, eq=False)
class Expected:
    """What people's scores are expected to be, by what the tower sees."""

    mean: Tensor  # (R,) of rows
    spread: Tensor  # (R,)
    centres: Tensor  # (C, R) evened rows
    strengths: Tensor  # (C,)
    bias: float

    def of(self, features: Tensor) -> Tensor:
        """Return the scores (N,), 0 to 100, of features (N, V, 9, F)."""
        rows = (_rows(features) - self.mean) / self.spread
        distances = (rows**2).sum(dim=1)[:, None] + (self.centres**2).sum(dim=1) - 2 * rows @ self.centres.T
        scores = torch.exp(-_WIDTH / rows.shape[1] * distances) @ self.strengths + self.bias
        return scores.clamp(0, 100)


def fit_expected(features: npt.NDArray[np.floating], mos: Floats) -> Expected:
    """Fit scores (N,) to features (N, V, 9, F) of pictures that nobody damaged."""
    rows = _rows(torch.from_numpy(features).float()).numpy()
    scaler = StandardScaler().fit(rows)
    fitted = SVR(C=_COST, epsilon=_TUBE, gamma=_WIDTH / rows.shape[1]).fit(scaler.transform(rows), mos)
    return Expected(
        mean=_tensor(scaler.mean_),
        spread=_tensor(scaler.scale_),
        centres=_tensor(fitted.support_vectors_),
        strengths=_tensor(fitted.dual_coef_[0]),
        bias=float(fitted.intercept_[0]),
    )


def steadied(
    judged: Sequence[Judged], owners: Sequence[int], people: Sequence[float], expected: Floats
) -> list[Judged]:
    """Move the score of every version as its photograph, in proportion: from people's to the expected."""
    shares = [float(score) / max(mos, 1.0) for mos, score in zip(people, expected, strict=True)]
    return [
        replace(one, mos=float(np.clip(one.mos * shares[owner], 0, 100)))
        for one, owner in zip(judged, owners, strict=True)
    ]


def _rows(features: Tensor) -> Tensor:
    """Return (N, 4 F): logarithms of mean and spread of each feature, over the whole and over the pieces."""
    parts = (features[:, 0], features[:, 1:].flatten(1, 2))
    pooled = [each for part in parts for each in (part.mean(dim=1), part.std(dim=1, unbiased=False))]
    return torch.log(torch.cat(pooled, dim=1).clamp_min(0) + _FLOOR)


def _tensor(array: npt.NDArray[np.floating]) -> Tensor:
    return torch.from_numpy(np.asarray(array, np.float32))
