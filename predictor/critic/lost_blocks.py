"""Measure what is of one colour throughout: blocks that a transmission lost, painted squares.

A sky is not that even, and what is burnt out or black does not count.
"""

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
    window = np.ones((_SQUARE, _SQUARE), np.uint8)
    apart = (cv2.dilate(pixels, window) - cv2.erode(pixels, window)).max(axis=2)
    strongest, weakest = pixels.max(axis=2), pixels.min(axis=2)
    shown = (weakest < _WHITE) & (strongest > _BLACK)
    colour = (strongest - weakest).astype(np.float32) / 255
    shares = []
    for most in (0, _NEARLY):
        within = (apart <= most) & shown
        shares += [within.mean(), colour[within].sum() / within.size]
    measured: npt.NDArray[np.float32] = np.log1p(np.array(shares, np.float32) / np.float32(_LITTLE))
    return measured
