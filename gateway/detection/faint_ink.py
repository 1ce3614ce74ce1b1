"""Mark what stands out from smooth ground by less than people see, where it lies as close as words do.

Looks on smooth ground alone: where something stands out that people see, and right beside it, nobody needs
amplified contrast, and the ringing of JPEG draws strokes of its own. Cheap, for every picture: most end here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import greatest_of_channels
from gateway.detection.faint_relief import TOWARDS, relief_of

Levels = npt.NDArray[np.uint16]  # grey levels in steps
_Any = TypeVar("_Any", np.uint8, np.uint16)
Plane = npt.NDArray[np.int16]  # one colour or difference of colours, minus its ground, in steps
Mask = npt.NDArray[np.uint8]  # 0 or 255

Mix = tuple[float, float, float]  # of red, green and blue

LIGHT: Mix = (0.25, 0.5, 0.25)
_MIXES: tuple[Mix, ...] = (LIGHT, (1.0, -1.0, 0.0), (0.0, -1.0, 1.0))
STEPS = 64  # to a grey level: halves and sums keep their fractions
_GROUND = 11  # pixels of the shrunk picture, whose mean is the ground, and that of what it leaves
_AROUND = 11  # pixels of the shrunk picture, in which nothing visible may stand
_VISIBLE, _VISIBLE_LEVELS = 0.12, 5  # from darkest to lightest there: share of the ground, levels more
_BESIDE = np.ones((3, 3), np.uint8)
_LEAST_SMOOTH = 0.02  # share of the picture
_LEAST_STEPS = STEPS // 2  # half a grey level above the ground
_OF_INK = 0.6  # of the mean of what stands out
_NOISES = 2.5  # standard deviations of the noise above the ground
_USUAL, _OF_USUAL = 0.8, 0.936  # share of the differences that are noise; their rms to one pixel's noise
_NOISE_SAMPLE = 4_096  # pixels, about
_LEAST_INK, _MOST_INK = 120, 0.3  # pixels; share of what is smooth: texture above
_EVERY = 2  # rows: as many tell how strong ink is
_BLOCK, _RUN = 8, 4  # pixels of the shrunk picture, a power of two; blocks in a row: the shortest line
_FEWEST_BLOCKS = 3  # that begin such a row
_DENSE = 25  # of 255: share of ink in a block of text, noise leaves less
_LONGEST = (5.0, 9.5)  # pixels of ink to an edge, across and down, the less and the more; bands have more


@dataclass(frozen=True, eq=False)
class CalmPlanes:
    """What lies on smooth ground, less the ground."""

    planes: tuple[Plane, ...]  # (H, W), for each mix of the colours
    smooth: Mask  # (H, W), where nothing that people see stands near


@dataclass(frozen=True, eq=False)
class FaintInk:
    """What stands out in one mix of the colours."""

    mix: Mix  # ink is where it is more than its ground
    plane: Plane  # (H, W)
    ink: Mask  # (H, W)
    beside_seen: Mask  # (H, W), ink right beside what people see: a part of it may be cut off there
    least: float  # of the plane, where there is ink
    has_sides: Mask | None = None  # (H, W), where it was filled in between light and shade; None: plain ink

    def turned(self) -> "FaintInk":
        """Return it mirrored at its diagonal: what ran down runs across."""
        sides = None if self.has_sides is None else self.has_sides.T
        return FaintInk(self.mix, self.plane.T, self.ink.T, self.beside_seen.T, self.least, sides)


def in_steps(pixels: npt.NDArray[np.uint8]) -> Levels:
    """Return grey levels in steps, so that what is halved keeps their fractions."""
    return np.multiply(pixels, STEPS, dtype=np.uint16)


def calm_planes(levels: Levels) -> CalmPlanes | None:
    """Part light and differences of colours from their ground; None where hardly anything is smooth.

    Args:
        levels: (H, W, 3), red, green and blue in steps.
    """
    steps = levels.view(np.int16)  # (H, W, 3); none is above 32,767
    ground = cv2.blur(steps, (_GROUND, _GROUND))
    detail = np.asarray(cv2.subtract(steps, ground))
    smooth = _smooth(detail, ground)
    if cv2.countNonZero(smooth) < _LEAST_SMOOTH * smooth.size:
        return None
    # Of light out of focus the first mean leaves what the second takes; what people see must not spread.
    calm = cv2.bitwise_and(detail, detail, mask=smooth)
    detail = np.asarray(cv2.subtract(calm, cv2.blur(calm, (_GROUND, _GROUND))))
    red, green, blue = cv2.split(detail)
    light = cv2.addWeighted(cv2.addWeighted(red, 0.5, blue, 0.5, 0.0), 0.5, green, 0.5, 0.0)
    colours = (cv2.subtract(red, green), cv2.subtract(blue, green))
    return CalmPlanes(tuple(np.asarray(plane, dtype=np.int16) for plane in (light, *colours)), smooth)


def faint_inks(calm: CalmPlanes) -> Iterator[FaintInk]:
    """Yield what stands out faintly: light and differences of colours, lighter and darker."""
    for mix, plane in zip(_MIXES, calm.planes, strict=True):
        yield from _inks_of(mix, plane, calm.smooth)


def faint_reliefs(calm: CalmPlanes) -> Iterator[FaintInk]:
    """Yield what is embossed faintly, filled in: of either sign the stronger, the other is its copies."""
    for towards in TOWARDS:
        relief = relief_of(calm.planes[0], towards)
        signs = list(_standing_out(relief.filled, calm.smooth))
        if signs:
            found = _faint_ink(LIGHT, max(signs, key=lambda sign: sign.middle), calm.smooth)
            if found is not None:
                yield replace(found, has_sides=relief.has_sides)


@dataclass(frozen=True, eq=False)
class _Sign:
    """What stands out of a plane towards one side."""

    sign: int
    signed: Plane
    ink: Mask
    middle: float


def _inks_of(mix: Mix, plane: Plane, smooth: Mask) -> Iterator[FaintInk]:
    """Yield the ink that is lighter than its ground and the ink that is darker."""
    for sign in _standing_out(plane, smooth):
        found = _faint_ink(mix, sign, smooth)
        if found is not None:
            yield found


def _standing_out(plane: Plane, smooth: Mask) -> Iterator[_Sign]:
    least = max(_LEAST_STEPS, round(_NOISES * _noise(plane, smooth)))
    either = cv2.bitwise_and(cv2.inRange(cv2.absdiff(plane, 0), least, 32767), smooth)
    if not _words(np.asarray(either, dtype=np.uint8)).any():
        return
    for sign, signed in ((1, plane), (-1, np.asarray(cv2.subtract(0, plane), dtype=np.int16))):
        ink, middle = _ink(signed, least, smooth)
        if _LEAST_INK <= cv2.countNonZero(ink) <= _MOST_INK * cv2.countNonZero(smooth):
            yield _Sign(sign, signed, ink, middle)


def _faint_ink(mix: Mix, one: _Sign, smooth: Mask) -> FaintInk | None:
    written = _written(one.ink)
    if written is None:
        return None
    there = (slice(written.shape[0]), slice(written.shape[1]))
    beside = cv2.bitwise_and(written, cv2.dilate(cv2.bitwise_not(smooth[there]), _BESIDE))
    towards = (one.sign * mix[0], one.sign * mix[1], one.sign * mix[2])
    beside_seen = np.asarray(beside, dtype=np.uint8)
    return FaintInk(towards, one.signed[there], written, beside_seen, one.middle)


def halved(pixels: npt.NDArray[_Any]) -> npt.NDArray[_Any]:
    """Halve both sides by area; an odd row or column is left out: with it, it takes twenty times as long."""
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    halved = cv2.resize(pixels[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(halved, dtype=pixels.dtype)


def _ink(plane: Plane, least: int, smooth: Mask) -> tuple[Mask, float]:
    """Mark the upper part of what stands out: the blurred edges of strong strokes would join letters."""
    ink = np.asarray(cv2.bitwise_and(cv2.inRange(plane, least, 32767), smooth), dtype=np.uint8)
    middle = max(least, _OF_INK * cv2.mean(plane[::_EVERY], ink[::_EVERY])[0])
    return np.asarray(cv2.bitwise_and(ink, cv2.inRange(plane, middle, 32767)), dtype=np.uint8), middle


def _words(ink: Mask) -> Mask:
    """Mark the blocks where ink lies close together along a row or a column."""
    share = ink[: ink.shape[0] // _BLOCK * _BLOCK, : ink.shape[1] // _BLOCK * _BLOCK]
    for _ in range(_BLOCK.bit_length() - 1):
        share = halved(share)
    dense = cv2.inRange(share, _DENSE, 255)
    across = cv2.erode(dense, np.ones((1, _RUN), np.uint8), borderValue=0)
    down = cv2.erode(dense, np.ones((_RUN, 1), np.uint8), borderValue=0)
    return np.asarray(cv2.bitwise_or(across, down), dtype=np.uint8)


def _written(ink: Mask) -> Mask | None:
    """Keep the ink of words; None where it is not of strokes: most pictures end here, uncounted."""
    words = _words(ink)
    if cv2.countNonZero(words) <= _FEWEST_BLOCKS:
        return None
    size = (words.shape[1] * _BLOCK, words.shape[0] * _BLOCK)
    around = cv2.dilate(words, np.ones((_RUN + 2, _RUN + 2), np.uint8))
    around = cv2.resize(around, size, interpolation=cv2.INTER_NEAREST)
    inside = cv2.bitwise_and(ink[: size[1], : size[0]], around)
    pixels = cv2.countNonZero(inside)
    starts = cv2.countNonZero(cv2.subtract(inside[:, 1:], inside[:, :-1]))
    tops = cv2.countNonZero(cv2.subtract(inside[1:], inside[:-1]))
    if max(starts, tops) * _LONGEST[0] <= pixels or min(starts, tops) * _LONGEST[1] <= pixels:
        return None
    return np.asarray(inside, dtype=np.uint8)


def _smooth(detail: npt.NDArray[np.int16], ground: npt.NDArray[np.int16]) -> Mask:
    """Mark where nothing that people see stands near, in any colour; (H, W)."""
    around = np.ones((_AROUND, _AROUND), np.uint8)
    levels = cv2.convertScaleAbs(detail, alpha=1 / STEPS, beta=128)
    spans = cv2.subtract(cv2.dilate(levels, around), cv2.erode(levels, around))
    most = cv2.convertScaleAbs(ground, alpha=_VISIBLE / STEPS, beta=_VISIBLE_LEVELS)
    return np.asarray(
        cv2.inRange(cv2.subtract(greatest_of_channels(spans), greatest_of_channels(most)), 0, 0)
    )


def _noise(plane: Plane, smooth: Mask) -> float:
    """Return the standard deviation of what differs from pixel to pixel; strokes are too few to count."""
    rows = slice(None, None, max(1, plane.size // _NOISE_SAMPLE))
    is_inside = (smooth[rows, 1:] > 0) & (smooth[rows, :-1] > 0)
    differences = np.abs(plane[rows, 1:] - plane[rows, :-1])[is_inside]
    if not differences.size:
        return 0.0
    usual = differences[differences <= np.quantile(differences, _USUAL)]
    return float(np.sqrt(np.square(usual.astype(np.float32)).mean()) / _OF_USUAL)
