"""Smooth away what is too faint to be seen, in the places where text was found that hides so.

Noise is taken out by its strength, and what codecs drop is finer than letters: strokes of a few grey levels
outlive both. In their place the ground is put, and what people see of the same place stays.
"""

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image

_Levels = npt.NDArray[np.float32]
_Place = tuple[int, int, int, int]  # left, top, right, bottom: pixels of the picture

_SEEN, _SEEN_LEVELS = 0.13, 4.0  # of the ground, and levels more: what stands out further is seen
_LEAST_REACH, _MOST_REACH = 16, 128  # pixels over which the ground is averaged: wider than a letter
_AROUND = 3  # times that, beside a line: what of it was not found, and the lines next to it
_TURNS = (1.0, 0.5, 0.25)  # each leaves out of the ground what stands out of the one before by such a share


def smooth_faint(image: Image, places: Iterable[_Place]) -> Image:
    """Return the picture with the ground in place of what is faint, in and around lines of text.

    Args:
        image: Any picture.
        places: A line of text each; none leave the picture as it is.
    """
    pixels = image.pixels.copy()
    for left, top, right, bottom in places:
        reach = int(np.clip(min(right - left, bottom - top), _LEAST_REACH, _MOST_REACH))
        around = _AROUND * reach
        rows = slice(max(0, top - around - reach), bottom + around + reach)
        columns = slice(max(0, left - around - reach), right + around + reach)
        part = pixels[rows, columns].astype(np.float32)
        if not part.size:
            continue
        ground = _ground(part, reach)
        smooth = np.where(_is_faint(part, ground), ground, part)
        inside = np.zeros(part.shape[:2], np.float32)
        inside[
            max(0, top - around) - rows.start : bottom + around - rows.start,
            max(0, left - around) - columns.start : right + around - columns.start,
        ] = 1.0
        weight = cv2.blur(inside, (reach, reach))[..., None]  # no edge where the place ends
        pixels[rows, columns] = np.clip(np.rint(part + weight * (smooth - part)), 0, 255).astype(np.uint8)
    return Image(pixels)


def _ground(part: _Levels, reach: int) -> _Levels:
    """Return the mean around every pixel of what is no further from it than people see; (H, W, 3)."""
    kernel = (2 * reach + 1, 2 * reach + 1)
    ground = np.asarray(cv2.blur(part, kernel), dtype=np.float32)
    for share_of_seen in _TURNS:
        counts = _is_faint(part, ground, share_of_seen).astype(np.float32)
        share = cv2.blur(counts, kernel)[..., None]
        mean = cv2.blur(part * counts, kernel) / np.maximum(share, 1e-3)
        ground = np.where(share > 1e-3, mean, ground).astype(np.float32)
    return np.asarray(cv2.blur(ground, kernel), dtype=np.float32)


def _is_faint(part: _Levels, ground: _Levels, share_of_seen: float = 1.0) -> npt.NDArray[np.bool_]:
    """Tell where no colour stands out by such a share of what people see; (H, W, 1)."""
    least = share_of_seen * (_SEEN * ground.mean(axis=2, keepdims=True) + _SEEN_LEVELS)
    return np.asarray(np.abs(part - ground).max(axis=2, keepdims=True) <= least)
