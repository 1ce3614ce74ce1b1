"""Cut a picture into the views the critic LMM looks at: the whole, and pieces of it at native resolution.

The whole tells what is shown and how it is lit; whether it is sharp, or noisy, shows in pixels as they are.
"""

import numpy as np

from calibration.image import Image, Pixels, fit_within, resize

SIDE = 192  # pixels of every view
LONG_SIDE = 1024  # pixels: larger pictures are reduced to it before pieces are cut
PIECES = 4
VIEWS = 1 + PIECES  # of a picture that is large enough to be cut


def cut(image: Image) -> tuple[Image, ...]:
    """Return the whole, squeezed to a square, and a piece out of the middle of each quarter, row by row.

    A picture with a side below `SIDE` has no pieces.
    """
    if min(image.width, image.height) < SIDE:
        return (whole(image),)
    sized = fit_within(image, LONG_SIDE)
    if min(sized.width, sized.height) < SIDE:  # a long strip
        return (whole(image),)
    return (whole(image), *(Image(piece) for piece in _pieces(sized.pixels)))


def whole(image: Image) -> Image:
    """Return the picture squeezed to `SIDE` by `SIDE`."""
    return image if (image.width, image.height) == (SIDE, SIDE) else resize(image, SIDE, SIDE, "bicubic")


def _pieces(pixels: Pixels) -> list[Pixels]:
    height, width = pixels.shape[:2]
    return [
        np.ascontiguousarray(pixels[top : top + SIDE, left : left + SIDE])
        for top in _starts(height)
        for left in _starts(width)
    ]


def _starts(length: int) -> tuple[int, int]:
    """Return where a piece begins that lies in the middle of each half, as far as there is room."""
    near = max(0, length // 4 - SIDE // 2)
    return near, length - SIDE - near
