"""Write a JPEG's coefficients again with better entropy coding: the very same pixels in fewer bytes.

Orientation and colour profile stay; all other metadata is left out.
"""

import numpy as np

from calibration.containers import container_of, jpeg_file
from calibration.image import Image, decode
from calibration.image_source import DecodeLimits
from calibration.metadata import attach, read_metadata
from calibration.mozjpeg_process import MozjpegProcess
from calibration.unfinished_jpeg import END_OF_IMAGE

_HUFFMAN_CODED = frozenset({0xC0, 0xC1, 0xC2})  # starts of frames: baseline, extended, progressive
_MOZJPEG = MozjpegProcess()


def transcode(
    data: bytes, *, stored: Image | None = None, limits: DecodeLimits | None = None
) -> bytes | None:
    """Return a smaller JPEG of the same pixels; None where that is not possible.

    It is not for damaged files, for CMYK, and for what mozjpeg does not read: arithmetic coding, twelve bits,
    lossless JPEG. `stored`, the same data's `Decoded.stored`, spares a decode where it is at hand.
    """
    if not _is_possible(data):
        return None
    try:
        if stored is None:
            decoded = decode(data, limits)
            if decoded.source.is_repaired:
                return None
            stored = decoded.stored
        optimized = _MOZJPEG.optimize(data)
        if optimized is None or not np.array_equal(decode(optimized, limits).image.pixels, stored.pixels):
            return None
        found = attach(optimized, read_metadata(data))
    except ValueError:  # of decoding, or of a profile that such a JPEG cannot hold
        return None
    return found if len(found) < len(data) else None


def _is_possible(data: bytes) -> bool:
    if container_of(data) != "jpeg":
        return False
    file = jpeg_file(data)
    if file.frame is None or not file.scans.endswith(END_OF_IMAGE):
        return False
    marker, bits, components = file.frame
    return marker in _HUFFMAN_CODED and bits == 8 and components in (1, 3)
