"""Steady the scores that the critic LMM learns: half people's, half what other photographs let expect.

Thirty ratings of a thousand photographs are soon known by heart. What a regression fitted to the other folds
says of a photograph can be learned only from what is seen in it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from predictor.learning.critic.split import FOLDS, fold_of
from predictor.learning.critic.views import Photographs
from predictor.learning.critic_lmm.judged import Judged

Floats = npt.NDArray[np.float32]

_OWN = 0.5  # share of people's score of the very photograph
_WIDTH, _COST, _TUBE = 0.25, 20.0, 2.0  # as of the specialist's scores


def expected_scores(photographs: Photographs, features: npt.NDArray[np.floating]) -> Floats:
    """Return what a fit to the other folds says of every photograph, by its features (N, V, 9, F)."""
    rows = _pooled(features)
    mos = np.array([photograph.mos for photograph in photographs], np.float32)
    folds = np.array([fold_of(photograph.name) for photograph in photographs])
    expected = np.full(len(mos), mos.mean(), np.float32)
    for fold in range(FOLDS):
        out = folds == fold
        if out.any() and (~out).any():
            fitted = make_pipeline(
                StandardScaler(), SVR(C=_COST, epsilon=_TUBE, gamma=_WIDTH / rows.shape[1])
            )
            expected[out] = fitted.fit(rows[~out], mos[~out]).predict(rows[out])
    return expected


def agreement(photographs: Photographs, expected: Floats) -> float:
    """Return the rank correlation of what was expected with people's scores."""
    return float(spearmanr(expected, [photograph.mos for photograph in photographs])[0])


def steadied(
    judged: Sequence[Judged], owners: Sequence[int], photographs: Photographs, expected: Floats
) -> list[Judged]:
    """Move the score of every version by as much, in proportion, as its photograph's."""
    shares = [
        (_OWN * one.mos + (1 - _OWN) * float(np.clip(score, 0, 100))) / max(one.mos, 1.0)
        for one, score in zip(photographs, expected, strict=True)
    ]
    return [
        replace(one, mos=float(np.clip(one.mos * shares[owner], 0, 100)))
        for one, owner in zip(judged, owners, strict=True)
    ]


def _pooled(features: npt.NDArray[np.floating]) -> Floats:
    whole, pieces = features[:, 0].astype(np.float32), features[:, 1:].astype(np.float32)
    pieces = pieces.reshape(len(pieces), -1, pieces.shape[-1])
    pooled = [part(axis=1) for tokens in (whole, pieces) for part in (tokens.mean, tokens.std)]
    rows: Floats = np.log(np.concatenate(pooled, axis=1).clip(0) + 0.02).astype(np.float32)
    return rows
