import struct

import numpy as np
import pytest

from calibration.metadata_blocks import EXIF_SIGN, find_blocks
from gateway.detection.beside_pixels import beside_pixels
from gateway.detection.odd_thumbnail import is_unlike, unlike_thumbnail
from tests.gateway.detection.container_files import CAT, CUP, opened, saved, with_segment, with_thumbnail

PICTURE = saved(CAT)


def small(pixels, side=120):
    return np.asarray(opened(pixels).resize((side, side)).convert("RGB"))


def plain_exif(pixels):
    """Write a TIFF block whose second directory is a picture without compression."""
    shown, start = small(pixels), 14 + 2 + 12 * 5 + 4
    entries = ((0x100, 4, 120), (0x101, 4, 120), (0x103, 4, 1), (0x106, 4, 2), (0x111, 4, start))
    table = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return (
        b"II*\0\x08\0\0\0\0\0"
        + struct.pack("<I", 14)
        + struct.pack("<H", 5)
        + table
        + bytes(4)
        + shown.tobytes()
    )


def plain_jfif(pixels):
    shown = small(pixels, 100)
    return with_segment(PICTURE, 0xE0, b"JFIF\0\1\1\0\0\1\0\1\x64\x64" + shown.tobytes())


def plain_colours(pixels):
    return with_segment(PICTURE, 0xE0, b"JFXX\0\x13\x64\x64" + small(pixels, 100).tobytes())


def with_palette(pixels):
    indexed = opened(small(pixels, 100)).quantize(256)
    palette = bytes(indexed.getpalette()).ljust(768, b"\0")
    return with_segment(PICTURE, 0xE0, b"JFXX\0\x11\x64\x64" + palette + np.asarray(indexed).tobytes())


def in_exif(pixels):
    return with_segment(PICTURE, 0xE1, EXIF_SIGN + plain_exif(pixels))


def in_a_second_block(pixels):
    first = with_segment(PICTURE, 0xE1, EXIF_SIGN + plain_exif(CAT))
    return with_segment(first, 0xE1, EXIF_SIGN + plain_exif(pixels))


def found(data, shown=CAT):
    return unlike_thumbnail(find_blocks(data).exif, beside_pixels(data).blocks, shown)


@pytest.mark.parametrize(
    "make",
    [
        plain_jfif,
        plain_colours,
        with_palette,
        in_exif,
        in_a_second_block,
        lambda each: with_thumbnail(CAT, each),
    ],
)
def test_another_picture_is_found_however_it_is_stored(make):
    assert found(make(CUP))
    assert not found(make(CAT))


def test_of_a_thumbnail_that_breaks_off_nothing_is_told():
    assert not found(
        with_segment(PICTURE, 0xE0, b"JFIF\0\1\1\0\0\1\0\1\x64\x64" + small(CUP).tobytes()[:900])
    )
    assert not found(with_segment(PICTURE, 0xE0, b"JFXX\0\x13\0\0abc"))


def test_a_turned_cut_or_barred_copy_is_the_same_picture():
    assert not is_unlike(small(np.rot90(CAT)), CAT)
    uncut = np.asarray(opened(CAT).resize((160, 106)))
    assert not is_unlike(uncut, np.ascontiguousarray(CAT[20:260, 30:400]))
    assert is_unlike(small(CUP), CAT)
