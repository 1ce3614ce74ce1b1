"""Measure what is of one colour throughout: blocks that a transmission lost, painted squares.

A sky is not that even, and what is burnt out or black does not count.
"""

from functools import reduce

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Pixels

_SQUARE = 11  # pixels: more than a JPEG's block, which is of one colour often
_NEARLY = 3  # grey levels: what a codec leaves of one colour
_WHITE, _BLACK = 253, 2
_LITTLE = 1e-3  # of the picture: a square of 25 pixels in one of 512
SIZE = 4


def lost_blocks(pixels: Pixels) -> npt.NDArray[np.float32]:
    """Return (4,) for (H, W, 3) pixels: how much lies in squares of one colour, and of nearly one.

    Each as it is, and by how strong the colour is; logarithms, 0 for none.
    """
    window = cv2.getStructuringElement(cv2.MORPH_RECT, (_SQUARE, _SQUARE))
    planes = cv2.split(pixels)
    apart = reduce(cv2.max, (cv2.subtract(cv2.dilate(one, window), cv2.erode(one, window)) for one in planes))
    strongest, weakest = (reduce(extreme, planes) for extreme in (cv2.max, cv2.min))
    shown = cv2.bitwise_and(cv2.inRange(weakest, 0, _WHITE - 1), cv2.inRange(strongest, _BLACK + 1, 255))
    colour = cv2.subtract(strongest, weakest)
    shares: list[float] = []
    for most in (0, _NEARLY):
        within = cv2.bitwise_and(cv2.inRange(apart, 0, most), shown)
        share = cv2.countNonZero(within) / within.size
        shares += [share, share * cv2.mean(colour, within)[0] / 255]
    measured: npt.NDArray[np.float32] = np.log1p(np.array(shares, np.float32) / np.float32(_LITTLE))
    return measured
