"""Turn a detector's score into a p-value with a guaranteed false-alarm rate on benign pictures.

Split conformal prediction, one calibration set per stratum (Mondrian): whatever the score means, a benign
picture that is exchangeable with the calibration pictures of its stratum gets p <= alpha with probability
at most alpha. Nothing is promised for pictures unlike the calibration set, and nothing at all about misses.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ConformalCalibration:
    """Scores of benign calibration pictures by stratum; a higher score is more suspicious."""

    scores: Mapping[str, Scores]  # each sorted, rising, not empty

    def __post_init__(self) -> None:
        for stratum, scores in self.scores.items():
            if scores.ndim != 1 or scores.size == 0 or not np.all(np.isfinite(scores)):
                raise ValueError(
                    f"expected finite calibration scores for {stratum!r}, got shape {scores.shape}"
                )
            if np.any(np.diff(scores) < 0):
                raise ValueError(f"expected calibration scores of {stratum!r} to be sorted")

    def p_value(self, score: float, stratum: str) -> float:
        """Return (1 + #{calibration >= score}) / (n + 1), between 1 / (n + 1) and 1.

        Raises:
            LookupError: The stratum was never calibrated.
            ValueError: The score is not a number.
        """
        if stratum not in self.scores:
            raise LookupError(f"expected a stratum among {sorted(self.scores)}, got {stratum!r}")
        if np.isnan(score):
            raise ValueError("expected a score, got NaN")
        calibration = self.scores[stratum]
        as_suspicious = calibration.size - int(np.searchsorted(calibration, np.float32(score), side="left"))
        return (1 + as_suspicious) / (calibration.size + 1)

    def assured_p_value(self, score: float, stratum: str, confidence: float) -> float:
        """Return an upper bound, at this confidence, of how often benign pictures score as high.

        `p_value` keeps its promise on average over calibration sets; this one keeps it for the set at
        hand with the given probability, for any one level (Bates et al. 2023, sec. 3; the bound is
        Clopper and Pearson's). It is the larger of the two unless the confidence is small.

        Raises:
            LookupError: The stratum was never calibrated.
            ValueError: The score is not a number.
        """
        size = self.scores[stratum].size if stratum in self.scores else 0
        marginal = self.p_value(score, stratum)
        rank = round(marginal * (size + 1))  # 1 + the calibration pictures at least as suspicious
        if rank > size:
            return 1.0
        return max(marginal, float(betaincinv(rank, size + 1 - rank, confidence)))

    def threshold(self, alpha: float, stratum: str) -> float:
        """Return the score from which p <= alpha; infinite when too few pictures calibrate it.

        Raises:
            LookupError: The stratum was never calibrated.
        """
        if stratum not in self.scores:
            raise LookupError(f"expected a stratum among {sorted(self.scores)}, got {stratum!r}")
        calibration = self.scores[stratum]
        allowed = int(np.floor(alpha * (calibration.size + 1))) - 1
        return float("inf") if allowed < 0 else float(calibration[calibration.size - 1 - allowed])


def calibrate(scores: Mapping[str, npt.ArrayLike]) -> ConformalCalibration:
    """Sort the scores of benign pictures into a calibration."""
    return ConformalCalibration(
        {stratum: np.sort(np.asarray(values, dtype=np.float32)) for stratum, values in scores.items()}
    )
