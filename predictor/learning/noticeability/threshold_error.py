"""Tell how far off predicted thresholds are: fit what was predicted as calibration fits what was answered.

Both fits see the same pictures at the same levels, so what happened to be shown cancels and only the
prediction's fault remains. Knows nothing of how predictions are made.
"""

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt

from calibration.fitting import Counts, fit_psychometric
from calibration.stimuli.registry import DISTORTIONS
from predictor.learning.dataset import FAMILIES, AnsweredPairs

_FEWEST_PAIRS = 8  # of one distortion: with fewer, the prior does the talking
_STEP = 0.02  # ln: levels nearer to each other than this are taken for one

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def threshold_errors(
    pairs: AnsweredPairs, chances: Floats, names: Collection[str], *, identical: Flags
) -> Mapping[str, float]:
    """Return ln(predicted / answered) of the threshold, by distortion; those with too few pairs are missing.

    Args:
        pairs: With the observer's answers; those of one distortion at a known level count, and identical
            ones.
        chances: Predicted P("different") of each pair.
        names: Distortions wanted.
        identical: Which pairs are, see `identical_pairs`.
    """
    answered = pairs.probabilities.astype(np.float64)
    errors = {}
    for family, name in enumerate(FAMILIES):
        chosen = (pairs.families == family) & (pairs.levels > 0) & ~identical
        if name in names and chosen.sum() >= _FEWEST_PAIRS:
            levels = np.where(identical, 0.0, pairs.levels)[chosen | identical].astype(np.float64)
            predicted, measured = (
                _threshold(levels, said[chosen | identical], float(DISTORTIONS[name].levels))
                for said in (chances, answered)
            )
            errors[name] = float(np.log(predicted / measured))
    return errors


def identical_pairs(pairs: AnsweredPairs) -> Flags:
    """Tell which pairs show the same picture twice; (N,)."""
    return np.array([np.array_equal(one.pixels, other.pixels) for one, other in pairs.shown()])


def _threshold(levels: Floats, said: Floats, strongest: float) -> float:
    """Fit to P("different"), each taken for so much of one answer."""
    grouped = np.where(levels > 0, np.exp(_STEP * np.round(np.log(np.maximum(levels, 1e-6)) / _STEP)), 0.0)
    shown, which = np.unique(grouped, return_inverse=True)
    total = np.bincount(which).astype(np.float64)
    counts = Counts(shown, np.asarray(np.bincount(which, weights=said), dtype=np.float64), total)
    return fit_psychometric(counts, strongest).function.threshold
