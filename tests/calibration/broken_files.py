"""Files that are wrong in one known way, built by hand."""

import io
import struct
import zlib

import numpy as np
from PIL import Image as PillowImage

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def saved(pixels, format_name, **options):
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, format_name, **options)
    return buffer.getvalue()


def chunk(kind, data, *, is_intact=True):
    checksum = zlib.crc32(kind + data) ^ (0 if is_intact else 1)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def png(rows, *, bits, color_type, key=None):
    """Write rows of samples: grey for colour type 0, RGB for 2; fewer than 8 bits are packed."""
    rows = np.asarray(rows)
    height, width = rows.shape[:2]
    if bits == 16:
        packed = [row.astype(">u2").tobytes() for row in rows]
    elif bits == 8:
        packed = [row.astype(np.uint8).tobytes() for row in rows]
    else:
        shifts = np.arange(bits)[::-1]
        packed = [np.packbits((row[:, None] >> shifts) & 1).tobytes() for row in rows]
    transparent = b"" if key is None else chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in packed))
    return PNG_SIGNATURE + chunk(b"IHDR", header) + transparent + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def with_chunk(data, added):
    """Put a chunk behind the header of a PNG."""
    return data[:33] + added + data[33:]


def exif_of_endless_resolution(orientation):
    """Return EXIF data whose resolution is -1/0."""
    entries = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0) + struct.pack(">HHII", 0x011A, 10, 1, 38)
    return b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", 2) + entries + bytes(4) + struct.pack(">ii", -1, 0)


def arithmetic_jpeg(side):
    """Return a grey arithmetic-coded JPEG that takes side * side / 40 bytes.

    Of the mean of every block one bit a scan is refined; there any bits are a picture (ITU-T T.81, G.1.2.1).
    """
    frame = struct.pack(">HBHHB", 11, 8, side, side, 1) + bytes([1, 0x11, 0])
    blocks = (side // 8) ** 2
    bits = np.random.default_rng(0).integers(0, 255, (13, blocks // 8 + 8), dtype=np.uint8)
    scans = [_scan(0x0D)] + [
        _scan((left + 1) << 4 | left) + bits[left].tobytes() for left in range(12, -1, -1)
    ]
    return b"\xff\xd8" + _ONES + b"\xff\xca" + frame + b"".join(scans) + b"\xff\xd9"


def jpeg_of_a_huge_coefficient():
    """Return a grey JPEG of one block with a coefficient of fifteen bits, which decoders take as it is."""
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, 8, 8, 1) + bytes([1, 0x11, 0])
    means = b"\xff\xc4\0\x14\x00" + bytes([1] + [0] * 15) + b"\0"
    others = b"\xff\xc4\0\x15\x10" + bytes([1, 1] + [0] * 14) + b"\x0f\0"
    scan = b"\xff\xda\0\x08\1\1\0\0\x3f\0" + b"\x3f\xff\0\xdf"
    return b"\xff\xd8" + _ONES + frame + means + others + scan + b"\xff\xd9"


_ONES = b"\xff\xdb\0\x43\0" + bytes([1] * 64)  # a quantisation table


def _scan(approximation):
    return b"\xff\xda\0\x08\1\1\0\0\0" + bytes([approximation])
