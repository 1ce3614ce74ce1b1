"""Lay a remembered picture over a cropped, resized, slightly turned or scrolled copy of it.

Points that look alike in both tell where each part has gone; correlation refines that. Cheap to refuse: most
pictures that are no copies share too few points. What differs after alignment is not judged here.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, fit_within, resize

Matrix = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Grey = npt.NDArray[np.uint8]

_SIDE = 320  # pixels: longer side on which points are sought
_POINTS = 400
_LEAST_POINTS = 14  # that agree on one movement
_OFF = 2.0  # pixels between where a point is and where the movement has it
_MOST_SCALE = 2.0
_MOST_TURN = 0.07  # radians: 4 degrees
_ITERATIONS = 20
_LAST_ITERATIONS = 6  # at full size
_SNAP = 2.0  # pixels between the shifts of corners, up to which it may be one by whole pixels
_FILTERED = 1.25  # times smaller: from here on, shrinking without a filter reads single pixels
_RIM = 4  # pixels that interpolation spoils at the rim


@dataclass(frozen=True, eq=False)
class Overlay:
    """A remembered picture in the frame of its copy."""

    pixels: npt.NDArray[np.uint8]  # (H, W, 3), the copy's size
    covered: Mask  # (H, W): where the remembered picture reaches
    is_exact: bool  # moved by whole pixels: nothing was interpolated


def overlay(original: Image, version: Image) -> Overlay | None:
    """Move `original` to where `version` shows it; None where no small movement explains the version.

    Small: scaled by up to 2, turned by up to 4 degrees, any shift that leaves enough points in common.
    Points: ORB (Rublee et al., 2011); refined by enhanced correlation (Evangelidis & Psarakis, 2008).
    """
    movement = _movement(original, version)
    if movement is None:
        return None
    size = (version.width, version.height)
    whole = _by_whole_pixels(movement, size)
    if whole is None:
        return _laid(original, movement, size, is_exact=False)
    choices = [_laid(original, movement, size, is_exact=False), _laid(original, whole, size, is_exact=True)]
    return min(choices, key=lambda laid: _error(laid, version))


def _laid(original: Image, movement: Matrix, size: tuple[int, int], *, is_exact: bool) -> Overlay:
    shrinking = float(np.hypot(movement[0, 0], movement[1, 0]))
    if shrinking > _FILTERED:
        width, height = round(original.width / shrinking), round(original.height / shrinking)
        small = resize(original, width, height, "bicubic")
        factors = np.array([small.width / original.width, small.height / original.height], dtype=np.float32)
        movement = movement * factors[:, None]
        movement[:, 2] += (factors - 1) / 2  # pixel n covers n to n + 1
        original = small
    flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_NEAREST if is_exact else cv2.INTER_CUBIC)
    moved = cv2.warpAffine(original.pixels, movement, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    ones = np.ones(original.pixels.shape[:2], np.uint8)
    reached = cv2.warpAffine(ones, movement, size, flags=cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST)
    if not is_exact:
        reached = cv2.erode(reached, np.ones((_RIM, _RIM), np.uint8), borderValue=0)
    return Overlay(np.asarray(moved, dtype=np.uint8), reached > 0, is_exact)


def _movement(original: Image, version: Image) -> Matrix | None:
    """Find where each pixel of the version lies in the original: (2, 3), pixel centres at whole numbers."""
    greys = [_grey(fit_within(image, _SIDE)) for image in (original, version)]
    rough = _by_points(*greys)
    if rough is None:
        return None
    fine = _refined(greys[0], greys[1], rough, _ITERATIONS)
    if fine is None:
        return None
    sides = zip((original, version), greys, strict=True)
    movement = _rescaled(fine, *(image.width / grey.shape[1] for image, grey in sides))
    return _refined(_grey(original), _grey(version), movement, _LAST_ITERATIONS)


def _refined(first: Grey, second: Grey, movement: Matrix, iterations: int) -> Matrix | None:
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, iterations, 1e-5)
    try:
        _, found = cv2.findTransformECC(second, first, movement, cv2.MOTION_AFFINE, criteria, None, 5)
    except cv2.error:  # it does not converge: the two have too little in common
        return None
    return np.asarray(found, dtype=np.float32)


def _by_points(first: Grey, second: Grey) -> Matrix | None:
    finder = cv2.ORB.create(_POINTS, fastThreshold=8)
    (points, marks), (others, other_marks) = (finder.detectAndCompute(grey, None) for grey in (first, second))
    if marks is None or other_marks is None:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(other_marks, marks)
    if len(pairs) < _LEAST_POINTS:
        return None
    there = np.array([others[pair.queryIdx].pt for pair in pairs], dtype=np.float32)
    here = np.array([points[pair.trainIdx].pt for pair in pairs], dtype=np.float32)
    found, kept = cv2.estimateAffinePartial2D(there, here, method=cv2.RANSAC, ransacReprojThreshold=_OFF)
    if found is None or int(kept.sum()) < max(_LEAST_POINTS, len(pairs) // 5):
        return None
    scale, turn = float(np.hypot(found[0, 0], found[1, 0])), float(np.arctan2(found[1, 0], found[0, 0]))
    if abs(np.log(scale)) > np.log(_MOST_SCALE) or abs(turn) > _MOST_TURN:
        return None
    return np.asarray(found, dtype=np.float32)


def _rescaled(movement: Matrix, before: float, after: float) -> Matrix:
    """Bring a movement between shrunk pictures to their full sizes; pixel n covers n to n + 1."""
    linear, half = movement[:, :2], np.array([0.5, 0.5], dtype=np.float32)
    # In continuous places, shrunk: original = linear @ (version - half) + shift + half.
    shift = before * (movement[:, 2] + half - linear @ half)
    full = linear * np.float32(before / after)
    return np.column_stack([full, shift + full @ half - half]).astype(np.float32)


def _by_whole_pixels(movement: Matrix, size: tuple[int, int]) -> Matrix | None:
    """Return the shift by whole pixels that a movement may stand for; None where it scales or turns."""
    corners = np.array([[x, y, 1] for x in (0, size[0] - 1) for y in (0, size[1] - 1)], dtype=np.float32)
    shifts = corners @ movement.T - corners[:, :2]
    if float(np.ptp(shifts, axis=0).max()) > _SNAP:
        return None
    whole = np.rint(shifts.mean(axis=0))
    return np.array([[1, 0, whole[0]], [0, 1, whole[1]]], dtype=np.float32)


def _error(laid: Overlay, version: Image) -> float:
    total = cv2.norm(laid.pixels, version.pixels, cv2.NORM_L1, laid.covered.view(np.uint8))
    count = laid.pixels.shape[2] * int(np.count_nonzero(laid.covered))
    return total / count if count else np.inf


def _grey(image: Image) -> Grey:
    return np.asarray(cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
