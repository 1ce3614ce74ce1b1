"""What an observer we train shall find visible: the usual taste, and made-up ones for unlike observers.

A predictor of noticeability has to hold for models it has never met. Observers of other tastes, trained like
the embedded one, are how that is tested; none of them is a fact about a real model.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from calibration.stimuli.registry import DISTORTIONS


@dataclass(frozen=True)
class Taste:
    """The constants of `visibility`: how strong a change must be, and what hides it."""

    # Visibility is multiplied by these: they bring families towards their target, and lift those whose
    # strongest level would otherwise be missed now and then (WebP, JPEG, rescale).
    gains: Mapping[str, float]
    luma_floors: tuple[float, float, float, float]  # grey levels, fine to coarse; the last holds the mean
    masking: float  # share of the local contrast that hides a change
    pooling: float  # Minkowski exponent over places and bands
    slope: float  # of the Weibull function the answers follow, in visibility


USUAL = Taste(
    gains={
        "blur": 1.3,
        "brightness": 0.8,
        "saturation": 1.4,
        "contrast": 1.25,
        "jpeg": 1.35,
        "mask": 0.8,
        "text": 1.2,
        "angle": 0.5,
        "distance": 0.75,
        "webp": 1.6,
        "rescale": 1.35,
    },
    luma_floors=(4.0, 3.2, 4.0, 24.0),
    masking=0.3,
    pooling=4.0,
    slope=3.5,
)

_SCALES: Mapping[str, float] = {"usual": 1.0, "blunt": 0.5, "keen": 1.7}
_SHIFT, _SPREAD = -0.2, 0.45  # natural logarithm of a made-up taste's gains over the usual ones


def taste_of(name: str) -> Taste:
    """Return the taste called usual, blunt, keen, or the made-up one of a number.

    Odd numbers mind coarse change and let faint changes of many places add up; even ones mind fine change,
    see through little texture and decide sharply.

    Raises:
        ValueError: It is none of these.
    """
    if name in _SCALES:
        return _scaled(dict.fromkeys(DISTORTIONS, _SCALES[name]))
    if not name.isdecimal():
        raise ValueError(f"expected usual, blunt, keen or a number, got {name!r}")
    rng = np.random.default_rng(int(name))
    odd = _scaled({distortion: float(np.exp(rng.normal(_SHIFT, _SPREAD))) for distortion in DISTORTIONS})
    if int(name) % 2:
        return replace(odd, luma_floors=(8.0, 4.5, 3.0, 18.0), masking=0.12, pooling=2.5, slope=2.5)
    return replace(odd, luma_floors=(3.0, 3.5, 6.0, 30.0), masking=0.55, pooling=6.0, slope=5.0)


def _scaled(factors: Mapping[str, float]) -> Taste:
    return replace(
        USUAL, gains={name: USUAL.gains.get(name, 1.0) * factor for name, factor in factors.items()}
    )
