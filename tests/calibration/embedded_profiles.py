"""Colour profiles of known effect, made from one that does nothing."""

import struct

from PIL import ImageCms

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# Columns of Display P3's matrix, adapted to D50 (SMPTE EG 432-1; the figures of Apple's profile).
_P3 = {
    b"rXYZ": (0.51512, 0.24120, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.15710, 0.06657, 0.78407),
}


def _places(profile: bytes) -> dict[bytes, tuple[int, int]]:
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = (struct.unpack_from(">4sII", profile, at) for at in range(132, 132 + 12 * count, 12))
    return {tag: (at, size) for tag, at, size in entries}


def display_p3() -> bytes:
    """Return a profile with P3's primaries and sRGB's curve, still named sRGB."""
    profile = bytearray(SRGB)
    for tag, column in _P3.items():
        at, _ = _places(SRGB)[tag]
        struct.pack_into(">3i", profile, at + 8, *(round(value * 65_536) for value in column))
    return bytes(profile)


def swapped_channels() -> bytes:
    """Return a profile that takes red for green and green for red, still named sRGB."""
    profile = bytearray(SRGB)
    (red, size), (green, _) = _places(SRGB)[b"rXYZ"], _places(SRGB)[b"gXYZ"]
    profile[red : red + size], profile[green : green + size] = (
        SRGB[green : green + size],
        SRGB[red : red + size],
    )
    return bytes(profile)


def linear_grey() -> bytes:
    """Return a profile of grey pixels that are proportional to light (ICC.1:2022, 8.4.2)."""
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": b"XYZ " + bytes(4) + struct.pack(">3i", 63_190, 65_536, 54_061),
        b"kTRC": b"curv" + bytes(8),
    }
    at, table, body = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for tag, contents in tags.items():
        padded = contents + bytes(-len(contents) % 4)
        table += struct.pack(">4sII", tag, at + len(body), len(contents))
        body += padded
    header = bytearray(128)
    struct.pack_into(">I4sI4s4s4s", header, 0, at + len(body), b"lcms", 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    header[36:40] = b"acsp"
    struct.pack_into(">3i", header, 68, 63_190, 65_536, 54_061)
    return bytes(header) + table + body


def with_table(intent: int) -> bytes:
    """Return sRGB with a table for one rendering intent, by which white is black (ICC.1:2022, 10.11)."""
    table = b"mft1" + bytes(4) + bytes([3, 3, 2, 0])
    table += struct.pack(">9i", *(65_536 * (row == column) for row in range(3) for column in range(3)))
    table += bytes(range(256)) * 3 + bytes(8 * 3) + bytes(range(256)) * 3
    (count,) = struct.unpack_from(">I", SRGB, 128)
    begin = 132 + 12 * count
    entries = [struct.unpack_from(">4sII", SRGB, at) for at in range(132, begin, 12)]
    moved = b"".join(struct.pack(">4sII", tag, at + 12, size) for tag, at, size in entries)
    added = struct.pack(">4sII", b"A2B%d" % intent, len(SRGB) + 12, len(table))
    profile = bytearray(SRGB[:128] + struct.pack(">I", count + 1) + moved + added + SRGB[begin:] + table)
    struct.pack_into(">I", profile, 0, len(profile))
    return bytes(profile)


def with_cicp(transfer: int) -> bytes:
    """Return sRGB that says of itself, in place of its name, to have this transfer (ICC.1:2022, 9.2.17)."""
    at, _ = _places(SRGB)[b"desc"]
    entry = next(n for n in range(132, len(SRGB), 12) if SRGB[n : n + 4] == b"desc")
    profile = bytearray(SRGB)
    profile[entry : entry + 4] = b"cicp"
    profile[at : at + 12] = b"cicp" + bytes(4) + bytes([9, transfer, 0, 1])
    return bytes(profile)
