"""What a profile alone says of a model's own thresholds, also where it says nothing, and on which range.

Below the least level of a distortion nothing changes any more, so no threshold can be told there.
"""

import math
from collections.abc import Mapping

from calibration.profile import JndProfile, default_profile
from calibration.stimuli.registry import DISTORTIONS
from predictor.own_thresholds import OwnThreshold, estimate, left_open, own_threshold

# Codecs round their quality, palettes their colours, sizes their pixels: less is the same as these. A size of
# 96 pixels loses its first at level .29; below, nothing is done at all.
_LEAST_LEVELS: Mapping[str, float] = {"jpeg": 1.0, "webp": 0.25, "rescale": 0.3, "png8": 0.05}
_LEAST_LEVEL = 0.02


def profile_threshold(profile: JndProfile, name: str) -> float:
    """Return the threshold in levels; an unknown one stands to the human as the known do on average."""
    found = estimate(profile, name)
    if found is not None:
        return found
    human = default_profile()
    ratios = [
        math.log(threshold / reference)
        for other in DISTORTIONS
        if (threshold := estimate(profile, other)) and (reference := human.threshold_of(other))
    ]
    mean = sum(ratios) / len(ratios) if ratios else 0.0
    low, high = left_open(profile, name)
    return min(max(float(human.threshold_of(name) or 1.0) * math.exp(mean), low), high)


def own_thresholds(profile: JndProfile) -> dict[str, OwnThreshold]:
    """Say of every distortion what the profile alone says of it."""
    return {
        name: own_threshold(profile, name, guess=profile_threshold(profile, name)) for name in DISTORTIONS
    }


def least_level(name: str) -> float:
    """Return the level below which a distortion does no less."""
    return _LEAST_LEVELS.get(name, _LEAST_LEVEL)
