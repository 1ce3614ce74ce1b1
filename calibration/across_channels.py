"""Reduce the three channels of every pixel to one number: the greatest, the furthest from 0, the mean.

Along a last axis of three, NumPy runs a loop for each pixel. Whole planes take a tenth to a fiftieth of that
for pictures, no more for the smallest crops, and give the very same numbers.
"""

from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

Level = TypeVar("Level", np.uint8, np.int16, np.uint16, np.float32)
Number = TypeVar("Number", bound=np.generic)


def greatest_of_channels(picture: npt.NDArray[Level]) -> npt.NDArray[Level]:
    """Take the greatest of (H, W, 3) -> (H, W): `picture.max(axis=2)`.

    Args:
        picture: Of any range, without NaN; H or W may be 0.
    """
    first, second, third = _planes(picture)
    return np.maximum(np.maximum(first, second, out=first), third, out=first)


def least_of_channels(picture: npt.NDArray[Level]) -> npt.NDArray[Level]:
    """Take the least of (H, W, 3) -> (H, W): `picture.min(axis=2)`; see `greatest_of_channels`."""
    first, second, third = _planes(picture)
    return np.minimum(np.minimum(first, second, out=first), third, out=first)


def furthest_of_channels(change: npt.NDArray[Level]) -> npt.NDArray[Level]:
    """Take how far from 0 the furthest of (H, W, 3) lies -> (H, W): `np.abs(change).max(axis=2)`.

    Args:
        change: Signed; see `greatest_of_channels`.
    """
    first, second, third = (np.abs(plane, out=plane) for plane in _planes(change))
    return np.maximum(np.maximum(first, second, out=first), third, out=first)


def range_of_channels(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Take how far the channels of (H, W, 3) lie apart -> (H, W), 0 to 255: `np.ptp(pixels, axis=2)`."""
    greatest = greatest_of_channels(pixels)
    return np.subtract(greatest, least_of_channels(pixels), out=greatest)


def any_of_channels(marks: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Mark pixels with a mark in any channel, (H, W, 3) -> (H, W): `marks.any(axis=2)`."""
    return greatest_of_channels(marks.view(np.uint8)).view(np.bool_)


def mean_of_channels(picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Average (H, W, 3) -> (H, W), to the last bit `picture.mean(axis=2)` of an array laid out in C order."""
    first, second, third = _planes(picture)
    total = np.add(np.add(first, second, out=first), third, out=first)
    return np.divide(total, np.float32(3), out=total)


def row_of(colour: npt.NDArray[Number], width: int) -> npt.NDArray[Number]:
    """Repeat a number for each channel (3,) along a row (W, 3): with whole rows NumPy reckons fast."""
    return np.tile(colour, (width, 1))


def _planes(picture: npt.NDArray[Level]) -> list[npt.NDArray[Level]]:
    """Copy each channel to a plane of its own."""
    if not picture.size:  # OpenCV knows no empty planes
        return [picture[..., channel].copy() for channel in range(3)]
    return [np.asarray(plane, dtype=picture.dtype) for plane in cv2.split(picture)]
