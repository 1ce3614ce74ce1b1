"""Find where in a picture evidence lies, for the kinds whose rule does not say: changes, shrinking, grounds.

Asked once something was found; a map each, from which a few boxes are kept.
"""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import furthest_of_channels, greatest_of_channels
from calibration.image import Image, resize
from gateway.detection.grounds import Grounds
from gateway.detection.places import CELL, Floats, boxes_of
from gateway.detection.verdict import Box
from gateway.providers.sizes import Size

_CODEC = 75  # percentile of the cells, that a codec or grain may explain
_READ = 2  # cells of a shrunk picture that are averaged: what is drawn is no thinner


def places_of_change(expected: Image, version: Image) -> tuple[Box, ...]:
    """Return where a version differs from what it should be, as boxes of the version.

    Everywhere alike, it is no place's: then all cells count.
    """
    fitted = resize(expected, version.width, version.height, "area")
    difference = cv2.absdiff(fitted.pixels, version.pixels)
    signed = cv2.subtract(fitted.pixels, version.pixels, dtype=cv2.CV_16S).astype(np.float32)
    # Shapes keep their sign over a few pixels, a codec's errors do not.
    shape = furthest_of_channels(cv2.blur(signed, (5, 5)))
    cells = _cells(shape + 0.25 * greatest_of_channels(difference).astype(np.float32))
    return boxes_of(_above_usual(cells), version.width, version.height)


def places_of_payload(grey: npt.NDArray[np.uint8], target: Size) -> tuple[Box, ...]:
    """Return where shrinking to a size without smoothing shows something else than with it.

    Args:
        grey: (H, W), larger than the target on both sides.
        target: At which a payload was found.
    """
    height, width = grey.shape
    smooth = _shrunk(grey, target, cv2.INTER_AREA)
    readings = [_shrunk(grey, target, kernel) for kernel in (cv2.INTER_NEAREST, cv2.INTER_LINEAR)]
    size = max(1, target.width // _READ), max(1, target.height // _READ)
    means = [cv2.resize(reading - smooth, size, interpolation=cv2.INTER_AREA) for reading in readings]
    return boxes_of(_above_usual(np.max(np.abs(means), axis=0)), width, height)


def places_of_grounds(grounds: Grounds) -> tuple[Box, ...]:
    """Return where black, or no transparency at all, shows detail that white does not."""
    height, width = grounds.opacity.shape
    on_white, on_black, stored = (
        _detail(each) for each in (grounds.on_white, grounds.on_black, grounds.colours)
    )
    # What is stored counts only where it is not opaque: elsewhere every ground shows it.
    stored = np.where(grounds.opacity < 255, stored, 0.0).astype(np.float32)
    return boxes_of(_cells(np.maximum(np.maximum(on_black, stored) - on_white, 0.0)), width, height)


def _shrunk(grey: npt.NDArray[np.uint8], target: Size, kernel: int) -> Floats:
    shrunk = cv2.resize(grey, (target.width, target.height), interpolation=kernel)
    return np.asarray(shrunk, dtype=np.float32)


def _detail(pixels: npt.NDArray[np.uint8]) -> Floats:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(np.abs(grey - cv2.blur(grey, (9, 9))), dtype=np.float32)


def _cells(plane: Floats) -> Floats:
    size = max(1, plane.shape[1] // CELL), max(1, plane.shape[0] // CELL)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _above_usual(cells: Floats) -> Floats:
    """Take off what most of the picture has, unless the strongest has hardly more."""
    usual = float(np.percentile(cells, _CODEC))
    return cells if usual > 0.5 * float(cells.max()) else np.maximum(cells - usual, 0.0).astype(np.float32)
