"""Measure how tall the letters of a picture are, since below some height nobody reads them.

Reads nothing: whatever is drawn darker or lighter than its surroundings and is built like a letter counts.
In photographs everything is, so ask this of documents, screens and charts alone.
"""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image

_NEIGHBOURHOOD = 25  # pixels, whose mean is the ground a letter stands on
_CONTRAST = 20  # grey levels between a letter and its ground
_LEAST, _MOST = 4, 80  # pixels of height: specks below, pictures above
_LEAST_WIDTH = 2  # pixels: lines and borders are thinner
_WIDEST, _TALLEST = 4.0, 5.0  # width to height and height to width: letters run together, an l or an i
_EMPTIEST, _FULLEST = 0.15, 0.9  # share of its box that is ink: frames below, bars and dots above
_FEWEST = 30  # letters from which their height is believed
_SMALL_ONES = 25  # percentile: the smaller text of a picture is what is lost first


def letter_height(image: Image) -> float | None:
    """Return how many pixels tall the smaller letters are, about an x; None where there are hardly any."""
    grey = np.asarray(cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY))
    heights = max(_heights(grey), _heights(~grey), key=len)  # dark on light, or light on dark
    return float(np.percentile(heights, _SMALL_ONES)) if len(heights) >= _FEWEST else None


def _heights(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Return the heights of what is darker than its surroundings and built like a letter; (N,)."""
    ink = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, _NEIGHBOURHOOD, _CONTRAST
    )
    boxes = cv2.connectedComponentsWithStats(ink, connectivity=8)[2][1:]  # the first is the ground
    width, height = boxes[:, cv2.CC_STAT_WIDTH], boxes[:, cv2.CC_STAT_HEIGHT]
    share = boxes[:, cv2.CC_STAT_AREA] / (width * height)
    is_sized = (height >= _LEAST) & (height <= _MOST) & (width >= _LEAST_WIDTH)
    is_shaped = (width <= _WIDEST * height) & (height <= _TALLEST * width)
    is_inked = (share >= _EMPTIEST) & (share <= _FULLEST)
    found: npt.NDArray[np.int32] = height[is_sized & is_shaped & is_inked]
    return found
