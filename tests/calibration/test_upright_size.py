import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage

from calibration.image import decode
from calibration.metadata import read_orientation
from calibration.upright_size import upright_size

PICTURE = PillowImage.fromarray(np.random.default_rng(0).integers(0, 256, (31, 53, 3), dtype=np.uint8))


def saved(format_name, turn=None, **options):
    exif = PillowImage.Exif()
    exif[0x010F] = "maker"
    if turn is not None:
        exif[0x0112] = turn
    buffer = io.BytesIO()
    PICTURE.save(buffer, format_name, exif=exif, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_the_upright_size_is_that_of_the_decoded_picture(format_name, turn):
    data = saved(format_name, turn)

    image = decode(data).image

    assert read_orientation(data) == turn
    assert upright_size(data) == (image.width, image.height)


@pytest.mark.parametrize(
    "data",
    [
        saved("JPEG"),
        saved("JPEG", 0),
        saved("JPEG", 9),
        saved("PNG"),
        saved("GIF"),
        saved("JPEG", 6).replace(b"Exif", b"Exit", 1),
        saved("JPEG", 6)[:40],
    ],
)
def test_what_says_nothing_readable_is_upright(data):
    assert read_orientation(data) == 1


def test_tags_are_found_behind_other_segments_and_in_either_byte_order():
    tiff = b"MM\0*\0\0\0\x08" + b"\0\x01" + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
    exif = b"Exif\0\0" + tiff
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    data = saved("JPEG")

    assert read_orientation(data[:2] + b"\xff\xfe\0\x04hi" + b"\xff" + segment + data[2:]) == 6


@pytest.mark.parametrize("data", [b"", b"BM" + bytes(60), b"\xff\xd8\xff\xda" + bytes(60)])
def test_nothing_is_said_of_what_does_not_say(data):
    assert upright_size(data) is None


ENCODED = [saved(format_name, 6) for format_name in ("JPEG", "PNG", "WEBP")]


@given(
    data=st.sampled_from(ENCODED),
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6),
    length=st.integers(0, 4000),
)
def test_damaged_headers_lead_to_a_size_or_none_and_never_to_an_error(data, changes, length):
    damaged = bytearray(data[:length] or data)
    for place, value in changes:
        damaged[place % len(damaged)] = value

    assert read_orientation(bytes(damaged)) in range(1, 9)
    size = upright_size(bytes(damaged))
    assert size is None or min(size) >= 1


@given(st.binary(max_size=300))
def test_any_bytes_are_taken(data):
    assert read_orientation(data) in range(1, 9)
