"""Mark what stands out from smooth ground by less than people see, where it lies as close as words do.

Looks on smooth ground alone: where something stands out that people see, and right beside it, nobody needs
amplified contrast, and the ringing of JPEG draws strokes of its own. Cheap, for every picture: most end here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.int16]  # one colour or difference of colours, minus its ground, in steps
Mask = npt.NDArray[np.uint8]  # 0 or 255

_MIXES = ((0, 1, 0), (1, -1, 0), (0, -1, 1))
STEPS = 64  # to a grey level: halves and sums keep their fractions
_GROUND = 13  # pixels of the shrunk picture, whose mean is the ground
_AROUND = 11  # pixels of the shrunk picture, in which nothing visible may stand
_VISIBLE = 14  # grey levels from the darkest to the lightest pixel there
_LEAST_SMOOTH = 0.02  # share of the picture
_LEAST_STEPS = STEPS // 2  # half a grey level above the ground
_OF_INK = 0.6  # of the mean of what stands out
_NOISES = 2.5  # standard deviations of the noise above the ground
_NOISE_SAMPLE = 4_096  # pixels, about
_LEAST_INK, _MOST_INK = 120, 0.3  # pixels; share of what is smooth: texture above
_EVERY = 2  # rows: as many tell how strong ink is
_BLOCK, _RUN = 8, 4  # pixels of the shrunk picture, a power of two; blocks in a row: the shortest line
_FEWEST_BLOCKS = 3  # that begin such a row
_DENSE = 25  # of 255: share of ink in a block of text, noise leaves less
_LONGEST = (5.0, 9.5)  # pixels of ink to an edge, across and down, the less and the more; bands have more


@dataclass(frozen=True, eq=False)
class FaintInk:
    """What stands out in one mix of the colours."""

    mix: tuple[int, int, int]  # of red, green and blue; ink is where it is more than its ground
    plane: Plane  # (H, W)
    ink: Mask  # (H, W)


def faint_inks(pixels: npt.NDArray[np.uint8]) -> Iterator[FaintInk]:
    """Yield what stands out faintly: green and differences from it, lighter and darker."""
    steps = pixels.astype(np.int16) * np.int16(STEPS)  # (H, W, 3)
    detail = np.asarray(cv2.subtract(steps, cv2.blur(steps, (_GROUND, _GROUND))))
    smooth = _smooth(detail)
    area = cv2.countNonZero(smooth)
    if area < _LEAST_SMOOTH * smooth.size:
        return
    red, green, blue = cv2.split(detail)
    planes = (green, cv2.subtract(red, green), cv2.subtract(blue, green))  # grain falls on all alike
    for mix, plane in zip(_MIXES, planes, strict=True):
        least = max(_LEAST_STEPS, round(_NOISES * _noise(plane, smooth)))
        either = cv2.bitwise_and(cv2.inRange(cv2.absdiff(plane, 0), least, 32767), smooth)
        if not _words(either).any():
            continue
        for sign, signed in ((1, plane), (-1, cv2.subtract(0, plane))):
            ink = _ink(signed, least, smooth)
            if not _LEAST_INK <= cv2.countNonZero(ink) <= _MOST_INK * area:
                continue
            written = _written(ink)
            if written is not None:
                kept = signed[: written.shape[0], : written.shape[1]]
                yield FaintInk((sign * mix[0], sign * mix[1], sign * mix[2]), kept, written)


def halved(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Halve both sides by area; an odd row or column is left out: with it, it takes twenty times as long."""
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    halved = cv2.resize(pixels[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(halved, dtype=np.uint8)


def _ink(plane: Plane, least: int, smooth: Mask) -> Mask:
    """Mark the upper part of what stands out: the blurred edges of strong strokes would join letters."""
    ink = np.asarray(cv2.bitwise_and(cv2.inRange(plane, least, 32767), smooth), dtype=np.uint8)
    middle = max(least, _OF_INK * cv2.mean(plane[::_EVERY], ink[::_EVERY])[0])
    return np.asarray(cv2.bitwise_and(ink, cv2.inRange(plane, middle, 32767)))


def _words(ink: Mask) -> Mask:
    """Mark the blocks where ink lies close together along a row."""
    share = ink[: ink.shape[0] // _BLOCK * _BLOCK, : ink.shape[1] // _BLOCK * _BLOCK]
    for _ in range(_BLOCK.bit_length() - 1):
        share = halved(share)
    dense = cv2.inRange(share, _DENSE, 255)
    return np.asarray(cv2.erode(dense, np.ones((1, _RUN), np.uint8), borderValue=0), dtype=np.uint8)


def _written(ink: Mask) -> Mask | None:
    """Keep the ink of words; None where it is not of strokes: most pictures end here, uncounted."""
    words = _words(ink)
    if cv2.countNonZero(words) <= _FEWEST_BLOCKS:
        return None
    size = (words.shape[1] * _BLOCK, words.shape[0] * _BLOCK)
    around = cv2.dilate(words, np.ones((3, _RUN + 2), np.uint8))
    around = cv2.resize(around, size, interpolation=cv2.INTER_NEAREST)
    inside = cv2.bitwise_and(ink[: size[1], : size[0]], around)
    pixels = cv2.countNonZero(inside)
    starts = cv2.countNonZero(cv2.subtract(inside[:, 1:], inside[:, :-1]))
    tops = cv2.countNonZero(cv2.subtract(inside[1:], inside[:-1]))
    if max(starts, tops) * _LONGEST[0] <= pixels or min(starts, tops) * _LONGEST[1] <= pixels:
        return None
    return np.asarray(inside, dtype=np.uint8)


def _smooth(detail: npt.NDArray[np.int16]) -> Mask:
    """Mark where nothing that people see stands near, in any colour; (H, W)."""
    around = np.ones((_AROUND, _AROUND), np.uint8)
    levels = cv2.convertScaleAbs(detail, alpha=1 / STEPS, beta=128)
    spans = cv2.split(cv2.subtract(cv2.dilate(levels, around), cv2.erode(levels, around)))
    return np.asarray(cv2.inRange(cv2.max(cv2.max(spans[0], spans[1]), spans[2]), 0, _VISIBLE))


def _noise(plane: Plane, smooth: Mask) -> float:
    """Return the standard deviation of what differs from pixel to pixel; strokes are too few to count."""
    rows = slice(None, None, max(1, plane.size // _NOISE_SAMPLE))
    is_inside = (smooth[rows, 1:] > 0) & (smooth[rows, :-1] > 0)
    differences = np.abs(plane[rows, 1:] - plane[rows, :-1])[is_inside]
    return float(np.median(differences)) / 0.95 if differences.size else 0.0  # 0.95 = 0.6745 * sqrt(2)
