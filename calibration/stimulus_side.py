"""Whether thresholds measured on pictures of unlike sizes can be compared, and in which unit.

A model shrinks or tiles what it is shown. A tone or a share of the picture survives that; a pixel does not: a
blur of two pixels is a quarter as wide in a picture four times as large, noise and the steps of coarse tones
average out, blocks of eight pixels shrink. Comparing levels of these would measure the pictures.
"""

from dataclasses import dataclass
from typing import Literal

from calibration.profile import JndProfile

# Point by point, or a share of the picture: a level is the same damage at any size. The mask, the code and
# the line of text grow with the picture; so does what the camera's degrees and centimetres move.
_SIZELESS = frozenset(
    {
        *("brightness", "saturation", "contrast"),
        *("mask", "qr", "text"),
        *("angle", "distance"),
    }
)
# In pixels of the picture shown: a level over the side is the same damage at any size.
_IN_PIXELS = frozenset({"blur"})

Basis = Literal["levels", "shares of the side", "nothing"]


@dataclass(frozen=True)
class Comparable:
    """In which unit two thresholds of one distortion may be compared."""

    basis: Basis
    factor: float = 1.0  # on B's threshold over A's, in levels, for that unit
    reason: str = ""  # why not levels


def comparable(name: str, a: JndProfile, b: JndProfile) -> Comparable:
    """Say how two models' thresholds of a distortion may be compared."""
    if _is_side_by_side(a) != _is_side_by_side(b):
        return Comparable(
            "nothing",
            reason="one was shown two pictures, the other both side by side in one: calibrate both alike",
        )
    is_one_size = a.stimulus_side == b.stimulus_side or not (a.source == b.source == "measured")
    if is_one_size or name in _SIZELESS:
        return Comparable("levels")
    sides = f"pictures of {describe_side(a)} and {describe_side(b)}"
    if name in _IN_PIXELS and a.stimulus_side and b.stimulus_side:
        return Comparable(
            "shares of the side",
            a.stimulus_side / b.stimulus_side,
            f"{sides}: its pixels are compared as shares of the picture's side",
        )
    return Comparable(
        "nothing",
        reason=f"{sides}: a level of it is not the same damage in both; calibrate both at one size",
    )


def _is_side_by_side(profile: JndProfile) -> bool:
    return bool(profile.details.get("side_by_side"))


def describe_side(profile: JndProfile) -> str:
    """Return the size of the pictures a model was calibrated with."""
    return "their own size" if profile.stimulus_side is None else f"{profile.stimulus_side} px"
