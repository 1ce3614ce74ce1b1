"""Read a model's thresholds as the noticeability network wants them: ln of their ratio to the human ones.

A measured profile is steadied: one distortion that lies far from what the model's others and the usual
pattern of models foretell says more about a fit of few answers than about the model.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from calibration.profile import JndProfile

_FARTHEST = 0.7  # ln: of one threshold from the model's own level and the usual pattern
_FARTHEST_FOR_LEVEL = 0.4  # ln: what counts of one threshold when that level is taken
_SLOPES = (0.7, 6.0)  # beyond these a fitted slope is noise
_USUAL_SLOPE = 3.0
_FEWEST_MEASURED = 5  # of a profile's distortions: fewer tell too little of its level

Floats = npt.NDArray[np.float64]


def relative_thresholds(
    profile: JndProfile, families: Sequence[str], human: Sequence[float], usual: Sequence[float]
) -> list[float]:
    """Return ln(threshold over the human one) by family.

    Args:
        profile: The model's.
        families: Distortion names.
        human: Human thresholds of these, levels.
        usual: What models usually have, see `usual_pattern`; empty: nothing is known of that.
    """
    ratios = _ratios(profile, families, human)
    is_known = np.isfinite(ratios)
    if not is_known.any():
        return [0.0] * len(families)
    if not len(usual) or not _is_measured(profile):
        return [float(value) for value in np.where(is_known, ratios, ratios[is_known].mean())]
    deviations = ratios + _to_half(profile, families) - np.asarray(usual)
    level = _level(deviations[is_known])
    steadied = np.where(is_known, np.clip(deviations - level, -_FARTHEST, _FARTHEST), 0.0)
    return [float(value) for value in np.asarray(usual) + level + steadied]


def usual_pattern(
    profiles: Sequence[JndProfile], families: Sequence[str], human: Sequence[float]
) -> tuple[float, ...]:
    """Return how thresholds of measured models differ by distortion, whatever their level; () without any."""
    rows = [
        _ratios(profile, families, human) + _to_half(profile, families)
        for profile in profiles
        if _is_measured(profile)
    ]
    if not rows:
        return ()
    centred = [np.where(np.isfinite(row), row - np.nanmedian(row), 0.0) for row in rows]
    return tuple(float(value) for value in np.median(centred, axis=0))


def _ratios(profile: JndProfile, families: Sequence[str], human: Sequence[float]) -> Floats:
    """Gather ln ratios; nan where the profile knows no threshold."""
    found = np.full(len(families), np.nan)
    for index, (name, usual) in enumerate(zip(families, human, strict=True)):
        threshold = profile.threshold_of(name)
        if threshold is not None and threshold > 0:
            found[index] = math.log(threshold / usual)
    return found


def _to_half(profile: JndProfile, families: Sequence[str]) -> Floats:
    """Return what to add for the level noticed half of the time, beyond what the usual slope would add.

    At its threshold a Weibull function has climbed 1 - 1/e, which for a flat one lies far above the half.
    """
    slopes = [
        found.slope or _USUAL_SLOPE
        if (found := profile.distortions.get(name)) is not None and found.is_estimated
        else _USUAL_SLOPE
        for name in families
    ]
    return math.log(math.log(2.0)) * (1.0 / np.clip(slopes, *_SLOPES) - 1.0 / _USUAL_SLOPE)


def _level(deviations: Floats) -> float:
    """Return the mean deviation, none counted farther from their median than `_FARTHEST_FOR_LEVEL`."""
    middle = float(np.median(deviations))
    return middle + float(np.clip(deviations - middle, -_FARTHEST_FOR_LEVEL, _FARTHEST_FOR_LEVEL).mean())


def _is_measured(profile: JndProfile) -> bool:
    measured = [found for found in profile.of_pictures.values() if found.is_estimated]
    return profile.source == "measured" and len(measured) >= _FEWEST_MEASURED
