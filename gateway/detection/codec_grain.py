"""Tell how far a JPEG's codec puts pixels off where anything near them changes: the grain it leaves.

A picture that was stored is nearly a fixed point of its codec on the codec's own grid of blocks; on a grid
moved by half a block, the same codec rounds other waves, as coarsely as it rounded these. So what storing the
version there changes is as strong, place by place, as what of a change in a page the codec alone made.
"""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, resize
from predictor.residual.strata import Codec

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

_HALF = 4  # pixels of a block
_UNIT = 16  # pixels that a codec takes together, where it halves the colours
_LEAST_QUALITY = 75  # coarser ones leave more than edits within 8 levels
_LEAST_SIDE = 16  # pixels
_SAMPLINGS = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)


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
    sampling = min(_SAMPLINGS, key=lambda each: cv2.norm(_stored(own, quality, each), own, cv2.NORM_L2SQR))
    moved = own.copy()
    moved[_HALF:, _HALF:] = _stored(own[_HALF:, _HALF:], quality, sampling)
    there, here = (
        resize(Image(np.ascontiguousarray(each[top - upper :, left - near :])), across, lines, "area").pixels
        for each in (moved, own)
    )
    return np.asarray(there.astype(np.float32) - here, dtype=np.float32)


def _whole(place: slice, length: int, whole: int) -> tuple[tuple[int, int], int]:
    """Return where a place of a picture brought to a length lies in the whole, and its pixels there."""
    start, stop, _ = place.indices(length)
    return (start * whole // length, -(-stop * whole // length)), stop - start


def _stored(pixels: Pixels, quality: int, sampling: int) -> Pixels:
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(pixels[..., ::-1]), options)
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])
