"""Tell how far a JPEG's codec puts pixels off where anything near them changes: the grain it leaves.

A picture that was stored is nearly a fixed point of its codec on the codec's own grid of blocks; on a grid
moved by half a block, the same codec rounds other waves, as coarsely as it rounded these. So what storing the
version there changes is as strong, place by place, as what of a change in a page the codec alone made.
"""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, resize
from gateway.detection.stored_again import SAMPLINGS, stored_as_jpeg
from predictor.residual.strata import Codec

Floats = npt.NDArray[np.float32]
Grain = Callable[[slice, slice], Floats | None]  # of the rows and columns of a place

_HALF = 4  # pixels of a block
_UNIT = 16  # pixels that a codec takes together, where it halves the colours
_LEAST_QUALITY = 75  # coarser ones leave more than edits within 8 levels
_LEAST_SIDE = 16  # pixels


def codec_grain(
    version: Image, codec: Codec, size: tuple[int, int], rows: slice, columns: slice
) -> Floats | None:
    """Measure what the codec of a version may put off in a place (h, w, 3), in signed grey levels.

    Args:
        version: As it came.
        codec: Its own.
        size: Width and height in pixels to which the version is brought before it is compared.
        rows: Of the place, at that size.
        columns: Likewise.

    Returns:
        None where the codec is none that leaves such grain, or leaves so much that an edit would hide in it.
    """
    quality = codec.jpeg_quality
    if codec.is_lossless or quality is None or quality < _LEAST_QUALITY:
        return None
    width, height = size
    (top, bottom), lines = _whole(rows, height, version.height)
    (left, right), across = _whole(columns, width, version.width)
    if min(bottom - top, right - left) < _LEAST_SIDE:
        return None
    # From a border of the codec's units on, so that its own grid is known.
    upper, near = top // _UNIT * _UNIT, left // _UNIT * _UNIT
    own = np.ascontiguousarray(version.pixels[upper:bottom, near:right])
    sampling = min(
        SAMPLINGS, key=lambda each: cv2.norm(stored_as_jpeg(own, quality, each), own, cv2.NORM_L2SQR)
    )
    moved = own.copy()
    moved[_HALF:, _HALF:] = stored_as_jpeg(own[_HALF:, _HALF:], quality, sampling)
    there, here = (
        resize(Image(np.ascontiguousarray(each[top - upper :, left - near :])), across, lines, "area").pixels
        for each in (moved, own)
    )
    return np.asarray(there.astype(np.float32) - here, dtype=np.float32)


def _whole(place: slice, length: int, whole: int) -> tuple[tuple[int, int], int]:
    """Return where a place of a picture brought to a length lies in the whole, and its pixels there."""
    start, stop, _ = place.indices(length)
    return (start * whole // length, -(-stop * whole // length)), stop - start
