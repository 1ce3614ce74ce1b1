"""Write a JPEG's coefficients again with better entropy coding: the very same pixels in fewer bytes.

Orientation and colour profile stay; all other metadata is left out.
"""

import numpy as np

from calibration.channels import reads_alike
from calibration.containers import container_of, join_jpeg, jpeg_file
from calibration.image import Image, decode
from calibration.image_source import DecodeLimits
from calibration.metadata import attach, read_metadata
from calibration.mozjpeg_process import MozjpegProcess
from calibration.unfinished_jpeg import END_OF_IMAGE

_HUFFMAN_CODED = frozenset({0xC0, 0xC1, 0xC2})  # starts of frames: baseline, extended, progressive
_INKS = 4  # components of CMYK and YCCK
_FIRST_APP, _LAST_APP = 0xE0, 0xEF
_COLOUR_SIGNS = (b"JFIF\0", b"Adobe")  # of the application segments that say what components mean
_MOZJPEG = MozjpegProcess()


def transcode(
    data: bytes, *, stored: Image | None = None, limits: DecodeLimits | None = None
) -> bytes | None:
    """Return a smaller JPEG of the same pixels; None where that is not possible.

    It is not for damaged files, and for what mozjpeg does not read: arithmetic coding, twelve bits, lossless
    JPEG. Of CMYK the inks are compared. `stored`, the same data's `Decoded.stored`, spares a decode where it
    is at hand.
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
        if _components(data) == _INKS:
            optimized = _saying_the_same(optimized, data)
            if not reads_alike(optimized, data, limits):
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
    return marker in _HUFFMAN_CODED and bits == 8 and components in (1, 3, _INKS)


def _components(data: bytes) -> int:
    frame = jpeg_file(data).frame
    return 0 if frame is None else frame[2]


def _saying_the_same(optimized: bytes, data: bytes) -> bytes:
    """Have inks say of themselves what they said: decoders differ over those without Adobe's marker."""
    said = [part for part in jpeg_file(data).segments if part.payload.startswith(_COLOUR_SIGNS)]
    file = jpeg_file(optimized)
    other = [part for part in file.segments if not _FIRST_APP <= part.marker <= _LAST_APP]
    return join_jpeg([*said, *other], file.scans)
