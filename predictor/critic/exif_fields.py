"""Read the fields of EXIF data that tell of a picture's origin: camera, exposure, program, comments.

A TIFF directory is walked by hand, as in `calibration.exif`: a broken value of one tag hides no other.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Literal

Field = Literal[
    "make",
    "model",
    "lens",
    "software",
    "description",
    "artist",
    "comment",
    "exposure_seconds",
    "f_number",
    "iso",
    "focal_length",
    "taken",
]
_PREFIX = b"Exif\0\0"
_EXIF_DIRECTORY = 0x8769
_TAGS: Mapping[int, Field] = {
    0x010E: "description",
    0x010F: "make",
    0x0110: "model",
    0x0131: "software",
    0x013B: "artist",
    0x9C9C: "comment",  # of Windows, in UTF-16
    0x829A: "exposure_seconds",
    0x829D: "f_number",
    0x8827: "iso",
    0x9003: "taken",
    0x9286: "comment",
    0x920A: "focal_length",
    0xA434: "lens",
}
_UTF_16 = frozenset({0x9C9C})
_USER_COMMENT = 0x9286
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 1, 2, 3, 4, 5, 7  # types
_BYTES_EACH: Mapping[int, int] = {_BYTE: 1, _ASCII: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8, _UNDEFINED: 1}
_MOST_TAGS = 4_096
_MOST_BYTES = 65_536  # of one value that are read


class ExifError(ValueError):
    """The block is no TIFF directory."""


def read_exif_fields(data: bytes) -> Mapping[Field, str]:
    """Return what a TIFF block, with or without "Exif" in front, tells; of two values the first.

    Raises:
        ExifError: The block begins as none, or its first directory lies outside it.
    """
    tiff = data.removeprefix(_PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        raise ExifError("no TIFF header")
    (at,) = struct.unpack_from(order + "I", tiff, 4)
    if not 8 <= at <= len(tiff) - 2:
        raise ExifError(f"the first directory lies at {at}, outside {len(tiff)} bytes")
    found: dict[Field, str] = {}
    further = []
    for tag, kind, value in _entries(tiff, order, at):
        if tag == _EXIF_DIRECTORY and kind == _LONG and len(value) >= 4:
            further.append(struct.unpack_from(order + "I", value)[0])
        _keep(found, tag, _read(tag, kind, value, order))
    for place in further[:1]:
        for tag, kind, value in _entries(tiff, order, place):
            _keep(found, tag, _read(tag, kind, value, order))
    return found


def _keep(found: dict[Field, str], tag: int, value: str) -> None:
    field = _TAGS.get(tag)
    if field is not None and value:
        found.setdefault(field, value)


def _entries(tiff: bytes, order: str, at: int) -> Iterator[tuple[int, int, bytes]]:
    """Give tag, type and value of what a directory holds, as far as it lies in the block."""
    try:
        (count,) = struct.unpack_from(order + "H", tiff, at)
        for entry in range(at + 2, at + 2 + 12 * min(count, _MOST_TAGS), 12):
            tag, kind, amount = struct.unpack_from(order + "HHI", tiff, entry)
            if tag not in _TAGS and tag != _EXIF_DIRECTORY:
                continue
            size = amount * _BYTES_EACH.get(kind, 0)
            place = entry + 8 if size <= 4 else struct.unpack_from(order + "I", tiff, entry + 8)[0]
            yield tag, kind, tiff[place : place + min(size, _MOST_BYTES)]
    except struct.error:
        return


def _read(tag: int, kind: int, value: bytes, order: str) -> str:
    try:
        if kind == _RATIONAL:
            above, below = struct.unpack_from(order + "II", value)
            return f"{above / below:.6g}" if below else ""
        if kind in (_SHORT, _LONG):
            return str(struct.unpack_from(order + ("H" if kind == _SHORT else "I"), value)[0])
    except struct.error:
        return ""
    return _text(tag, value, order).strip("\0 \r\n\t")


def _text(tag: int, value: bytes, order: str) -> str:
    wide = "utf-16-le" if order == "<" else "utf-16-be"
    if tag in _UTF_16:
        return value.decode("utf-16-le", errors="ignore")
    if tag == _USER_COMMENT:
        code, value = value[:8], value[8:]
        if code == b"UNICODE\0":
            return _wide_text(value, wide)
    return value.decode("utf-8", errors="replace")


def _wide_text(value: bytes, stated: str) -> str:
    """Read UTF-16 in the order it is in: many programs write the other one than the block's."""
    other = "utf-16-be" if stated == "utf-16-le" else "utf-16-le"
    texts = [value.decode(order, errors="ignore") for order in (stated, other)]
    return max(texts, key=lambda text: sum(letter.isascii() and letter.isprintable() for letter in text))
