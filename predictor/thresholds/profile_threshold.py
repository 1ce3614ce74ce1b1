"""What a profile says of a model's own thresholds, also where it says nothing, how sure, and on which range.

Below the least level of a distortion nothing changes any more, so no threshold can be told there.
"""

import math
from collections.abc import Callable, Mapping

from calibration.profile import JndProfile, default_profile
from calibration.stimuli.registry import DISTORTIONS

# Codecs round their quality, palettes their colours, sizes their pixels: less is the same as these. A size of
# 96 pixels loses its first at level .29; below, nothing is done at all.
_LEAST_LEVELS: Mapping[str, float] = {"jpeg": 1.0, "webp": 0.25, "rescale": 0.3, "png8": 0.05}
_LEAST_LEVEL = 0.02


def profile_threshold(profile: JndProfile, name: str) -> float:
    """Return the threshold in levels; an unknown one stands to the human as the known do on average."""
    found = profile.threshold_of(name)
    if found is not None and found > 0:
        return found
    human = default_profile()
    ratios = [
        math.log(threshold / reference)
        for other in DISTORTIONS
        if (threshold := profile.threshold_of(other)) and (reference := human.threshold_of(other))
    ]
    mean = sum(ratios) / len(ratios) if ratios else 0.0
    return float(human.threshold_of(name) or 1.0) * math.exp(mean)


def profile_doubt(profile: JndProfile, name: str, strength: Callable[[float], float]) -> float:
    """Return half the profile's own 95 % interval of ln(strength of a level); 0 where it states none."""
    found = profile.distortions.get(name)
    if found is None or not found.low or not found.high or not found.is_estimated:
        return 0.0
    return max(0.0, math.log(strength(found.high) / strength(found.low)) / 2.0)


def least_level(name: str) -> float:
    """Return the level below which a distortion does no less."""
    return _LEAST_LEVELS.get(name, _LEAST_LEVEL)


def strongest_level(name: str) -> float:
    """Return the end of the distortion's scale."""
    return float(DISTORTIONS[name].levels)
