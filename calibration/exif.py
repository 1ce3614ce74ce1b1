"""Read of EXIF data what matters to a rewrite: how the picture is turned, and what else it tells.

A TIFF directory is walked by hand, so that a broken value of one tag hides no other. Only the first two
directories are looked at: the picture's and its thumbnail's.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

UPRIGHT = 1
LYING = frozenset({5, 6, 7, 8})  # orientations under which width and height change places
_ORIENTATION, _GPS, _THUMBNAIL, _THUMBNAIL_BYTES = 0x0112, 0x8825, 0x0201, 0x0202  # tags
_WIDTH, _HEIGHT, _COMPRESSION, _COLOURS, _STRIP = 0x0100, 0x0101, 0x0103, 0x0106, 0x0111  # tags
_PLAIN, _RGB = 1, 2  # values of the third and fourth
_BYTE, _SHORT = 1, 3  # types
_WHOLE_NUMBERS: Mapping[int, str] = {
    _BYTE: "B",
    _SHORT: "H",
    4: "I",
    6: "b",
    8: "h",
    9: "i",
}  # by type; the last three are signed
_MOST_TAGS = 4_096
_PREFIX = b"Exif\0\0"


@dataclass(frozen=True)
class Bitmap:
    """A small picture without compression."""

    width: int  # pixels
    height: int
    colours: bytes  # red, green, blue of every pixel, row by row; fewer where the file ends before


@dataclass(frozen=True)
class Exif:
    """What one block of EXIF data holds."""

    orientation: int | None  # 1-8; 0 where another value stands there; None where nothing is said
    has_gps: bool
    has_thumbnail: bool
    has_more: bool  # any tag beyond orientation and the pointers to the above


def read_exif(data: bytes) -> Exif:
    """Read a TIFF block, with or without "Exif" in front; damaged, it says nothing."""
    tiff = data.removeprefix(_PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return Exif(None, False, False, False)
    tags, following = _directory(tiff, order, struct.unpack_from(order + "I", tiff, 4)[0])
    thumbnail, _ = _directory(tiff, order, following) if following else ({}, 0)
    return Exif(
        _valid(tags[_ORIENTATION]) if _ORIENTATION in tags else None,
        has_gps=_GPS in tags,
        has_thumbnail=_THUMBNAIL in thumbnail,
        has_more=bool(tags.keys() - {_ORIENTATION, _GPS}),
    )


def stated_orientations(data: bytes) -> tuple[int, ...]:
    """Return every orientation, 1 to 8, that the first directory of a TIFF block states: one, mostly."""
    tiff = data.removeprefix(_PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return ()
    (at,) = struct.unpack_from(order + "I", tiff, 4)
    entries = tiff[at + 2 : at + 2 + 12 * _MOST_TAGS]
    stated = []
    try:
        (count,) = struct.unpack_from(order + "H", tiff, at)
        for entry in range(0, 12 * min(count, _MOST_TAGS), 12):
            tag, kind, amount = struct.unpack_from(order + "HHI", entries, entry)
            value = _whole_number(entries, order, kind, amount, entry + 8) if tag == _ORIENTATION else None
            stated += [value] if value is not None and 1 <= value <= 8 else []
    except struct.error:
        pass
    return tuple(stated)


def embedded_thumbnail(data: bytes) -> bytes | None:
    """Return the small JPEG in a TIFF block, with or without "Exif" in front; None where there is none."""
    tiff = data.removeprefix(_PREFIX)
    tags = _of_thumbnail(tiff)
    start, length = tags.get(_THUMBNAIL), tags.get(_THUMBNAIL_BYTES)
    if not start or not length or min(start, length) < 0:
        return None
    thumbnail = tiff[start : start + length]
    return thumbnail if thumbnail.startswith(b"\xff\xd8\xff") else None


def embedded_bitmap(data: bytes) -> Bitmap | None:
    """Return the small picture that a TIFF block holds without compression; None where there is none."""
    tiff = data.removeprefix(_PREFIX)
    tags = _of_thumbnail(tiff)
    if (tags.get(_COMPRESSION), tags.get(_COLOURS)) != (_PLAIN, _RGB):
        return None
    width, height, start = (tags.get(tag) or 0 for tag in (_WIDTH, _HEIGHT, _STRIP))
    if min(width, height, start) <= 0:
        return None
    return Bitmap(width, height, tiff[start : start + 3 * width * height])


def _of_thumbnail(tiff: bytes) -> Mapping[int, int | None]:
    """Return the tags of the second directory of a TIFF block; none where it is damaged or has no other."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return {}
    _, following = _directory(tiff, order, struct.unpack_from(order + "I", tiff, 4)[0])
    return _directory(tiff, order, following)[0] if following else {}


def minimal_exif(orientation: int) -> bytes:
    """Write a TIFF block that says how the picture is turned, and nothing else.

    Raises:
        ValueError: The orientation is none of the eight.
    """
    if orientation not in range(1, 9):
        raise ValueError(f"expected an orientation of 1-8, got {orientation}")
    return b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)


def _valid(orientation: int | None) -> int:
    return orientation if orientation is not None and 1 <= orientation <= 8 else 0


def _directory(tiff: bytes, order: str, at: int) -> tuple[Mapping[int, int | None], int]:
    """Return the tags of a directory, with their value where it is one whole number, and the next's place."""
    tags: dict[int, int | None] = {}
    try:
        (count,) = struct.unpack_from(order + "H", tiff, at)
        for entry in range(at + 2, at + 2 + 12 * min(count, _MOST_TAGS), 12):
            tag, kind, amount = struct.unpack_from(order + "HHI", tiff, entry)
            if amount:
                tags.setdefault(tag, _whole_number(tiff, order, kind, amount, entry + 8))
        (following,) = struct.unpack_from(order + "I", tiff, at + 2 + 12 * count)
    except struct.error:
        return tags, 0
    return tags, int(following)


def _whole_number(tiff: bytes, order: str, kind: int, amount: int, at: int) -> int | None:
    """Return the first of the numbers that stand in the entry itself; None where they do not, or are none."""
    letter = _WHOLE_NUMBERS.get(kind)
    if letter is None or amount * struct.calcsize(order + letter) > 4:
        return None
    return int(struct.unpack_from(order + letter, tiff, at)[0])
