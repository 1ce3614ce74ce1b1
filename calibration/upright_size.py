"""Read from a picture's header how wide and high it is when shown upright; nothing is decoded.

Cameras store pictures as the sensor lies and say in EXIF data which side is up. JPEG, PNG and WebP can hold
it; what cannot be read counts as upright, as decoders take it.
"""

import struct
from collections.abc import Iterator

from calibration.image_header import format_in_header, stored_size

_ORIENTATION = 0x0112
_SHORT = 3  # the TIFF type of an orientation
_LYING = frozenset({5, 6, 7, 8})  # orientations that change width for height
_MOST_PARTS = 10_000  # segments or chunks; a file in millions of them is hostile
_MOST_TAGS = 1_000
_EXIF = b"Exif\0\0"
_START_OF_SCAN = 0xDA
_APP1 = 0xE1


def upright_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height as a viewer shows them; None where the header does not say."""
    size = stored_size(data)
    if size is None:
        return None
    return size[::-1] if orientation(data) in _LYING else size


def orientation(data: bytes) -> int:
    """Return the EXIF orientation, 1 to 8; 1, upright, where there is none."""
    try:
        return _orientation_in(_exif(data))
    except (struct.error, IndexError):
        return 1


def _exif(data: bytes) -> bytes:
    """Return the TIFF structure that holds the tags; empty without one."""
    parts = {"jpeg": _jpeg_parts, "png": _png_parts, "webp": _webp_parts}
    read = parts.get(format_in_header(data) or "")
    found = next(read(data), b"") if read is not None else b""
    return found.removeprefix(_EXIF)


def _jpeg_parts(data: bytes) -> Iterator[bytes]:
    at = 2
    for _ in range(_MOST_PARTS):
        marker = data[at + 1]
        if data[at] != 0xFF or marker == _START_OF_SCAN:
            return
        if marker == 0xFF:  # padding
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker == _APP1 and data.startswith(_EXIF, at + 4):
            yield data[at + 4 : at + 2 + length]
        at += 2 + length


def _png_parts(data: bytes) -> Iterator[bytes]:
    at = 8
    for _ in range(_MOST_PARTS):
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"eXIf":
            yield data[at + 8 : at + 8 + length]
        at += 12 + length


def _webp_parts(data: bytes) -> Iterator[bytes]:
    at = 12
    for _ in range(_MOST_PARTS):
        name, length = struct.unpack_from("<4sI", data, at)
        if name == b"EXIF":
            yield data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _orientation_in(tiff: bytes) -> int:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, start)
    for index in range(min(count, _MOST_TAGS)):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * index)
        if tag == _ORIENTATION and kind == _SHORT:
            return int(value) if 1 <= value <= 8 else 1
    return 1
