"""Write a PNG's scanlines again with better filters and compression: the very same file but for its bytes.

Header, palette and transparency stay, so every decoder finds the samples that it found before, in the depth
and the kind of picture that it found them in. All other chunks are left out; `metadata.attach` puts back what
decides how the picture is shown.
"""

import struct
from collections.abc import Sequence

import cv2
import numpy as np

from calibration.containers import Part, container_of, join_png, png_chunks

MOST_PIXELS = 10_000_000  # beyond, writing takes more time than it saves
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_DEPTHS = (1, 2, 4, 8, 16)
_GREY, _RGB, _RGBA = 0, 2, 6
# A filter works on bytes, and knows of a pixel how many it has. So libpng, by way of OpenCV, which has names
# for few kinds of picture, rewrites the rows of any as those of one of these: depth, colour type, by bytes.
_DISGUISES = {1: (8, _GREY), 2: (16, _GREY), 3: (8, _RGB), 4: (8, _RGBA), 6: (16, _RGB), 8: (16, _RGBA)}
_HEADER = ">IIBBBBB"
_HEADER_BYTES = struct.calcsize(_HEADER)
# Photographs want the best filter of each row, flat graphics none.
_FILTERS = (cv2.IMWRITE_PNG_ALL_FILTERS, cv2.IMWRITE_PNG_FILTER_NONE)
_KEPT = (b"PLTE", b"tRNS")


def rewrite_png(data: bytes) -> bytes | None:
    """Return a PNG of the same samples, whatever it weighs; None where it is damaged, too large or no PNG.

    The rows of an interlaced picture come in their order; of less than a byte a pixel it is not rewritten.
    """
    if container_of(data) != "png":
        return None
    chunks = [part for part in png_chunks(data) if part.is_intact]
    if not chunks or chunks[0].kind != b"IHDR" or len(chunks[0].payload) != _HEADER_BYTES:
        return None
    width, height, depth, colour, *methods, interlace = struct.unpack(_HEADER, chunks[0].payload)
    bits = depth * _CHANNELS.get(colour, 0)
    if not bits or depth not in _DEPTHS or (interlace and bits < 8) or not 0 < width * height <= MOST_PIXELS:
        return None
    row = width if bits >= 8 else (width * bits + 7) // 8
    stated = struct.pack(_HEADER, row, height, *_DISGUISES[max(1, bits // 8)], *methods, interlace)
    rows = _rewritten(stated, [part for part in chunks if part.kind == b"IDAT"])
    if not rows:
        return None
    header = struct.pack(_HEADER, width, height, depth, colour, *methods, 0)
    kept = [part for part in chunks if part.kind in _KEPT]
    return join_png([Part(b"IHDR", header), *kept, Part(b"IDAT", rows), Part(b"IEND", b"")])


def _rewritten(header: bytes, rows: Sequence[Part]) -> bytes | None:
    disguised = join_png([Part(b"IHDR", header), *rows, Part(b"IEND", b"")])
    samples = cv2.imdecode(np.frombuffer(disguised, np.uint8), cv2.IMREAD_UNCHANGED)
    if samples is None:
        return None
    written = []
    for each in _FILTERS:
        options = [cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_FILTER, each]
        encoded = cv2.imencode(".png", samples, options)[1].tobytes()
        written.append(b"".join(part.payload for part in png_chunks(encoded) if part.kind == b"IDAT"))
    return min(written, key=len)
