"""Find the limit of predicted answer change at which the smallest version within it keeps a promised rate.

Turns predictions and observed answers of calibration photographs into losses by limit, for `risk_control`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from predictor.answer_change.change import Heads
from predictor.guarantees.risk_control import LossTable, control_expected, control_surely, worst_so_far
from predictor.learning.answer_change.lessons import AnswerLessons

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

LIMITS: Floats = np.geomspace(0.001, 0.9, 120)  # of the predicted probability
_PROMISES = (0.02, 0.05, 0.1)  # rates of changed answers
_DELTA = 0.05


def sent_versions(scores: Floats, size_bytes: Floats, source_bytes: float, limits: Floats) -> Indices:
    """Return which of K versions is sent at each limit: the smallest within it; -1: the original itself.

    Args:
        scores: (K,) of the versions; a higher score is riskier.
        size_bytes: (K,).
        source_bytes: Of the original: nothing larger is ever sent.
        limits: (L,).
    """
    allowed = (scores[None] <= limits[:, None]) & (size_bytes < source_bytes)[None]
    smallest = np.where(allowed, size_bytes[None], np.inf).argmin(axis=1)
    sent: Indices = np.where(allowed.any(axis=1), smallest, -1)
    return sent


def losses_by_limit(
    scores: Floats,
    has_changed: npt.NDArray[np.bool_],
    size_bytes: Floats,
    source_bytes: float,
    limits: Floats = LIMITS,
) -> Floats:
    """Return whether one picture's answer has changed at each limit, or at a lower one; (L,)."""
    sent = sent_versions(scores, size_bytes, source_bytes, limits)
    changed = np.where(sent >= 0, has_changed[sent], False)
    losses: Floats = worst_so_far(changed[None].astype(np.float64))[0]
    return losses


def loss_table(lessons: AnswerLessons, probabilities: Sequence[npt.NDArray[Any]]) -> LossTable:
    """Average over observers what each picture would lose at each limit; probabilities by observer."""
    rows = []
    for photo in np.unique(lessons.photos):
        own = lessons.photos == photo
        rows.append(
            np.mean(
                [
                    losses_by_limit(
                        np.asarray(scores[own], dtype=np.float64),
                        changed[own],
                        lessons.size_bytes[own].astype(np.float64),
                        float(lessons.source_bytes[own][0]),
                    )
                    for scores, changed in zip(probabilities, lessons.has_changed, strict=True)
                ],
                axis=0,
            )
        )
    return LossTable(LIMITS, np.stack(rows))


def limits_for(
    lessons: AnswerLessons, features: Sequence[npt.NDArray[np.float32]], heads: Heads
) -> list[dict[str, Any]]:
    """Return the limits of the predicted probability that keep each promised rate, for the card."""
    chances = [expit(heads.log_odds(rows)) for rows in features]
    table = loss_table(lessons, chances)
    strata = ["photograph"] * len(table.losses)
    return [
        limit.to_card()
        for alpha in _PROMISES
        for limit in (
            control_expected(table, alpha, strata=strata),
            control_surely(table, alpha, _DELTA, strata=strata),
        )
    ]
