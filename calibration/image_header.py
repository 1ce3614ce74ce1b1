"""Read from the first bytes of a picture how many pixels it says it has, and how deep; nothing is decoded.

For whoever must know what a picture will cost before a decoder is let at it. What is read here may be a lie:
the decoder has to be held to it.
"""

import struct
from collections.abc import Callable, Mapping

from calibration.image_source import FormatName

_STARTS_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # those three are tables
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xDA)})
_START_OF_SCAN = 0xDA
_MOST_MARKERS = 1_000  # before the first scan of a JPEG; cameras write some tens


def count_pixels(data: bytes) -> int | None:
    """Return width times height as a PNG, JPEG, WebP or GIF states it; None where it does not say."""
    size = stored_size(data)
    return None if size is None else size[0] * size[1]


def stored_depth(data: bytes) -> int:
    """Return the bits a channel, 8 or 16, that a PNG states; palettes and other formats have 8."""
    return 16 if data.startswith(b"\x89PNG\r\n\x1a\n") and data[24:25] == b"\x10" else 8


def stored_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height as they are stored, before any orientation; None where it does not say."""
    format_name = format_in_header(data)
    if format_name is None:
        return None
    try:
        width, height = _READERS[format_name](data)
    except (struct.error, LookupError):
        return None
    return (width, height) if width and height else None


def format_in_header(data: bytes) -> FormatName | None:
    """Return the format that the first bytes name; None for any other."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    return "jpeg" if data.startswith(b"\xff\xd8\xff") else None


def _png_size(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _gif_size(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _webp_size(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walk from marker to marker to the frame's.

    Raises:
        LookupError: There is none before the first scan.
    """
    at = 2
    for _ in range(_MOST_MARKERS):
        if data[at] != 0xFF:
            at += 1  # stray bytes between segments; decoders skip them
            continue
        marker = data[at + 1]
        if marker in _STARTS_OF_FRAME:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        if marker == _START_OF_SCAN:
            break
        if marker == 0xFF:
            at += 1
        elif marker in _WITHOUT_LENGTH:
            at += 2
        else:
            at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    raise LookupError("no frame header")


_READERS: Mapping[FormatName, Callable[[bytes], tuple[int, int]]] = {
    "png": _png_size,
    "gif": _gif_size,
    "webp": _webp_size,
    "jpeg": _jpeg_size,
}
