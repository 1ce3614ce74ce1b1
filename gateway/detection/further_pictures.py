"""Look at the further pictures of a JPEG (MPF): does one show what the first does not?

Cameras keep there the other eye's view, a preview, the neighbour of a panorama, a gain map or a depth map.
Those are alike, or grey, or say what they are. Another picture in colour, or with text, is for whoever reads
the second; so is text that is blended into a copy, too faint to be seen. To say that something is a map is a
word that anybody can write: it excuses what is grey, or has its edges where the first has them.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from calibration.across_channels import range_of_channels
from calibration.containers import jpeg_file
from calibration.image_source import DecodeLimits
from calibration.second_looks import animation
from gateway.detection.faint_frames import Levels, faint_letters_among, greys_of, letters_of, letters_on
from gateway.detection.likeness import (
    SIDE,
    STRUCTURED,
    Pixels,
    Structure,
    detail,
    likeness,
    strength,
    structure,
)

_UNRELATED, _OTHER_TEXT = 0.3, 0.5  # likeness, without text and with it
_MOST_PIXELS = 64_000_000  # of all that are decoded
_MOST_PICTURES = 8
_COLOURED = 6.0  # grey levels by which channels differ, in the mean
_EXPLAINED = (
    b"hdrgm",
    b"HDRGainMap",
    b"hdr-gain-map",
    b"urn:iso:std:iso:ts:21496",
    b"GDepth",
    b"aux:",
    b"DepthMap",
)
_LETTERS = 16  # in rows: maps of depth have none
_LEGIBLE = 512  # pixels: a side at which letters are counted
_SHIFTS = range(-10, 11, 2)  # of 64 pixels: what is near stands elsewhere for the other eye


def unlike_further(data: bytes) -> tuple[str, bool] | None:
    """Tell what the further pictures are, and whether one is built to be another; None where there is none.

    Of `_MOST_PICTURES` and `_MOST_PIXELS`, what lies beyond is told and not looked at.
    """
    shown = animation(data, DecodeLimits(), side=SIDE, most_pixels=_MOST_PIXELS, most_frames=_MOST_PICTURES)
    if shown is None:
        return None
    first, *others = [frame.pixels for frame in shown.frames]
    tail = jpeg_file(data).tail
    is_explained = any(sign in tail for sign in _EXPLAINED)
    greys: list[Levels] = []
    for number, other in enumerate(others, 2):
        one, two = detail(first), detail(other)
        is_apart = _is_apart(one, two) if is_explained else _is_another(one, two, _UNRELATED)
        is_another = is_apart and _is_coloured(other)
        if not is_another and (is_apart if is_explained else _is_another(one, two, _OTHER_TEXT)):
            greys = greys or greys_of(data, _MOST_PICTURES)  # once, and only where they are asked for
            is_another = letters_on(greys, number) >= _LETTERS
        if is_another:
            return f"Picture {number} of the file is another one than the first", True
    if (hidden := faint_letters_among(greys or greys_of(data, _MOST_PICTURES))) is not None:
        return f"In picture {hidden} of the file, text is hidden that the first has not", True
    if len(shown.frames) < shown.count:
        return f"Of the file's {shown.count} pictures, the first {len(shown.frames)} were looked at", False
    return None


def is_other_text(first: Pixels, other: Pixels) -> bool:
    """Whether a picture (H, W, 3) is text that owes nothing to the first one, whatever it says that it is."""
    if not _is_apart(structure(first), structure(other)):
        return False
    small = cv2.resize(other, (_LEGIBLE, _LEGIBLE), interpolation=cv2.INTER_AREA)
    return letters_of(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)) >= _LETTERS


def _is_apart(first: Structure, other: Structure) -> bool:
    """Whether there is something to see, and not where the first has it: maps of light follow its edges."""
    return _is_another(first, other, _UNRELATED) and likeness(abs(first), abs(other)) <= _UNRELATED


def _is_coloured(pixels: Pixels) -> bool:
    return float(range_of_channels(pixels).mean()) > _COLOURED


def _is_another(first: Structure, other: Structure, unrelated: float) -> bool:
    return strength(other) >= STRUCTURED and max(_shifted_likenesses(first, other)) <= unrelated


def _shifted_likenesses(first: Structure, other: Structure) -> Sequence[float]:
    width = first.shape[1]
    return [
        likeness(first[:, max(0, by) : width + min(0, by)], other[:, max(0, -by) : width + min(0, -by)])
        for by in _SHIFTS
    ]
