"""What the other distortions of a run say about the slope of one.

How steeply an observer comes to notice is its own more than the distortion's, and 25 answers placed for the
threshold tell little of it. So a distortion's slope is expected near those of the others, unless it is of
its own kind. Lapses are not shared so: levels near the threshold hardly tell them from a shallow slope.
"""

from collections.abc import Mapping

import numpy as np

from calibration.parameters import ANY_SLOPE, SLOPES, SlopePrior, Values

_SPREAD = 0.5  # of ln slope between distortions of one observer; .46 in the embedded one's, 480 answers each
_UNLIKE = 0.3  # probability that a distortion's slope has nothing to do with the others'
_CENTRES = np.geomspace(0.9, 11.0, 12)  # median slopes an observer may have


def slope_priors(likelihoods: Mapping[str, Values]) -> dict[str, SlopePrior]:
    """Return the prior of each distortion's slope, made of what the others tell.

    Args:
        likelihoods: By distortion, how well each of `SLOPES` explains its answers.
    """
    by_centre = {name: np.log(_expected(each)) for name, each in likelihoods.items()}
    together = np.sum(list(by_centre.values()), axis=0)
    if len(likelihoods) == 1:
        return dict.fromkeys(likelihoods, ANY_SLOPE)
    return {name: _near(together - own) for name, own in by_centre.items()}


def _expected(likelihood: Values) -> Values:
    """Likelihood of each centre, the distortion's own slope averaged out; (C,), at most 1."""
    slopes = np.log(SLOPES)
    near = np.stack([SlopePrior(centre, _SPREAD, _UNLIKE).density(slopes) for centre in _CENTRES])  # (C, S)
    found = near / near.sum(axis=1, keepdims=True) @ likelihood
    return np.asarray(found / found.max())


def _near(log_likelihood: Values) -> SlopePrior:
    """Sum up what is known of the centre in one log-normal distribution around it."""
    centres = np.log(_CENTRES)
    mass = np.exp(log_likelihood - log_likelihood.max()) * ANY_SLOPE.density(centres)
    mass /= mass.sum()
    centre = float(mass @ centres)
    variance = float(mass @ (centres - centre) ** 2)
    return SlopePrior(float(np.exp(centre)), float(np.sqrt(_SPREAD**2 + variance)), _UNLIKE)
