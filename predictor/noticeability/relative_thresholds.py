"""Read a model's thresholds as the noticeability network wants them: ln of their ratio to the human ones.

A measured profile is steadied: one distortion that lies far from what the model's others and the usual
pattern of models foretell says more about a fit of few answers than about the model. But never beyond what
the model's trials leave open: what it did not notice up to the end of the scale is not foretold to be seen.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from calibration.profile import JndProfile
from predictor.own_thresholds import estimate, left_open

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
    least, most = _left_open(profile, families, human)
    if not len(usual) or not _is_measured(profile):
        mean = ratios[is_known].mean() if is_known.any() else 0.0
        return [float(value) for value in np.clip(np.where(is_known, ratios, mean), least, most)]
    to_half = _to_half(profile, families)
    deviations = ratios + to_half - np.asarray(usual)
    level = _level(deviations[is_known])
    steadied = np.where(is_known, np.clip(deviations - level, -_FARTHEST, _FARTHEST), 0.0)
    foretold = np.asarray(usual) + level + steadied
    return [float(value) for value in np.clip(foretold, least + to_half, most + to_half)]


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
        threshold = estimate(profile, name)
        if threshold is not None:
            found[index] = math.log(threshold / usual)
    return found


def _left_open(profile: JndProfile, families: Sequence[str], human: Sequence[float]) -> tuple[Floats, Floats]:
    """Return between which ln ratios the trials leave each threshold."""
    bounds = np.array([left_open(profile, name) for name in families], dtype=np.float64).reshape(-1, 2)
    with np.errstate(divide="ignore"):
        logs = np.log(bounds / np.asarray(human)[:, None])
    return logs[:, 0], logs[:, 1]


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
