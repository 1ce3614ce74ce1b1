"""Smooth away what is too faint to be seen, in the places where text was found that hides so.

Noise is taken out by its strength, and what codecs drop is finer than letters: strokes of a few grey levels
outlive both. In their place the ground is put, and what people see of the same place stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import furthest_of_channels, mean_of_channels
from calibration.image import Image, resize

_Levels = npt.NDArray[np.float32]
_Place = tuple[int, int, int, int]  # left, top, right, bottom: pixels of the picture

_SEEN, _SEEN_LEVELS = 0.13, 4.0  # of the ground, and levels more: what stands out further is seen
_LEAST_REACH, _MOST_REACH = 16, 128  # pixels over which the ground is averaged: wider than a letter
_AROUND = 3  # times that, beside a line: what of it was not found, and the lines next to it
_MOST_PIXELS = 3_000_000  # a second or two; what models are shown has fewer
_TURNS = (1.0, 0.5, 0.25)  # each leaves out of the ground what stands out of the one before by such a share


def smooth_faint(image: Image, places: Sequence[_Place]) -> Image:
    """Return the picture with the ground in place of what is faint, in and around lines of text.

    Where that would be more than `_MOST_PIXELS` to look at, the picture is reduced first: no model sees
    more, and whoever covers a large picture with faint lines must not hold everybody up.

    Args:
        image: Any picture.
        places: A line of text each; none leave the picture as it is.
    """
    parts = _joined(image, places)
    area = sum((part.bottom - part.top) * (part.right - part.left) for part in parts)
    if area > _MOST_PIXELS:
        share = float(np.sqrt(_MOST_PIXELS / area))
        image = resize(image, max(1, round(image.width * share)), max(1, round(image.height * share)), "area")
        parts = _joined(image, [tuple(round(edge * share) for edge in place) for place in places])  # type: ignore[misc]
    pixels = image.pixels.copy()
    for part in parts:
        shown = pixels[part.top : part.bottom, part.left : part.right].astype(np.float32)
        ground = _ground(shown, part.reach)
        smooth = np.where(_is_faint(shown, ground), ground, shown)
        weight = cv2.blur(part.inside, (part.reach, part.reach))[..., None]  # no edge where the place ends
        changed = np.clip(np.rint(shown + weight * (smooth - shown)), 0, 255).astype(np.uint8)
        pixels[part.top : part.bottom, part.left : part.right] = changed
    return Image(pixels)


@dataclass(frozen=True, eq=False)
class _Part:
    """A part of the picture that holds lines near one another."""

    left: int
    top: int
    right: int
    bottom: int
    reach: int  # pixels, as the tallest line asks for
    inside: _Levels  # (H, W) 1 in and around lines, 0 beside


def _joined(image: Image, places: Sequence[_Place]) -> list[_Part]:
    """Return parts for lines and what lies around them; lines whose surroundings touch share one."""
    around, wider = (np.zeros((image.height, image.width), np.uint8) for _ in range(2))
    reaches = [int(np.clip(min(r - le, b - t), _LEAST_REACH, _MOST_REACH)) for le, t, r, b in places]
    for (left, top, right, bottom), reach in zip(places, reaches, strict=True):
        for marked, beside in ((around, _AROUND * reach), (wider, (_AROUND + 1) * reach)):
            rows, columns = (
                slice(max(0, top - beside), max(0, bottom + beside)),
                slice(max(0, left - beside), max(0, right + beside)),
            )
            marked[rows, columns] = 1
    count, labels, stats, _ = cv2.connectedComponentsWithStats(wider)
    tallest = [_LEAST_REACH] * count
    for (left, top, *_rest), reach in zip(places, reaches, strict=True):
        label = labels[min(max(top, 0), image.height - 1), min(max(left, 0), image.width - 1)]
        tallest[label] = max(tallest[label], reach)
    return [
        _Part(
            *(int(left), int(top), int(left + width), int(top + height), tallest[label]),
            around[top : top + height, left : left + width].astype(np.float32),
        )
        for label, (left, top, width, height, _) in enumerate(stats)
        if label  # 0 is what no line is near
    ]


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
    least = share_of_seen * (_SEEN * mean_of_channels(ground)[..., None] + _SEEN_LEVELS)
    return np.asarray(furthest_of_channels(part - ground)[..., None] <= least)
