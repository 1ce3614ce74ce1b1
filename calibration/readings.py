"""How much a stated probability tells: the likelihood of "70 %" where the function expects 60 %.

Pictures differ in their own thresholds and models overstate their confidence, so a stated probability is a
noisy reading of the psychometric function: beta distributed around it, with a precision nobody knows. At
precision 0 it is a yes or a no, nothing more; precisions are averaged out like every nuisance.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, expit, gammaln, logit

Values = npt.NDArray[np.float64]

PRECISIONS = np.array([0.02, 0.3, 1.0, 3.0, 10.0, 40.0, 200.0])  # equally likely beforehand
_EDGE = 0.02  # readings this near 0 or 1 are only known to lie there: a saturated softmax tells no more
_STEPS = 401
_REACH = float(logit(1 - 1e-4))
_EXPECTED = expit(np.linspace(-_REACH, _REACH, _STEPS))  # evenly spaced in log-odds
_FLOOR = 1e-30  # of a likelihood


def expected_index(expected: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Return the place of each expected probability among those tabulated."""
    clipped = np.clip(logit(np.asarray(expected)), -_REACH, _REACH)
    return np.asarray(np.rint((clipped + _REACH) * ((_STEPS - 1) / (2 * _REACH))), dtype=np.intp)


def likelihoods(reading: float) -> Values:
    """Return the likelihood of one reading by precision and expected probability, (P, E).

    Raises:
        ValueError: The reading is not a probability.
    """
    if not 0 <= reading <= 1:
        raise ValueError(f"expected a probability between 0 and 1, got {reading}")
    a = PRECISIONS[:, None] * _EXPECTED  # (P, E)
    b = PRECISIONS[:, None] * (1 - _EXPECTED)
    if reading <= _EDGE:
        return np.asarray(np.maximum(betainc(a, b, _EDGE), _FLOOR))
    if reading >= 1 - _EDGE:
        return np.asarray(np.maximum(betainc(b, a, _EDGE), _FLOOR))
    log_density = gammaln(a + b) - gammaln(a) - gammaln(b) + (a - 1) * np.log(reading)
    return np.asarray(np.maximum(np.exp(log_density + (b - 1) * np.log1p(-reading)), _FLOOR))
