import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from calibration.image import ImageError, decode
from calibration.image_header import count_pixels, stored_depth, stored_size
from calibration.image_source import DecodeLimits

PICTURE = PillowImage.fromarray(np.random.default_rng(0).integers(0, 256, (31, 53, 3), dtype=np.uint8))
EXIF = PillowImage.Exif()
EXIF[0x0112] = 6
EXIF[0x010E] = "x" * 4_000


def saved(format_name, **options):
    buffer = io.BytesIO()
    PICTURE.save(buffer, format_name, **options)
    return buffer.getvalue()


ENCODED = [
    pytest.param(saved("PNG"), id="png"),
    pytest.param(saved("JPEG"), id="jpeg"),
    pytest.param(saved("JPEG", progressive=True, exif=EXIF), id="progressive jpeg with a long header"),
    pytest.param(saved("GIF"), id="gif"),
    pytest.param(saved("WEBP", quality=70), id="lossy webp"),
    pytest.param(saved("WEBP", lossless=True), id="lossless webp"),
    pytest.param(saved("WEBP", exif=EXIF), id="extended webp"),
    pytest.param(saved("WEBP", save_all=True, append_images=[PICTURE.rotate(9)]), id="animated webp"),
]


@pytest.mark.parametrize("data", ENCODED)
def test_pixels_are_read_off_the_header(data):
    assert count_pixels(data) == 31 * 53


@pytest.mark.parametrize("data", ENCODED)
def test_both_sides_are_read_off_the_header(data):
    assert stored_size(data) == (53, 31)


def test_sixteen_bits_are_told_from_eight():
    buffer = io.BytesIO()
    PillowImage.fromarray(np.zeros((9, 9), np.uint16)).save(buffer, "PNG")

    assert stored_depth(buffer.getvalue()) == 16
    assert [stored_depth(data.values[0]) for data in ENCODED] == [8] * len(ENCODED)
    assert stored_depth(b"") == 8


@pytest.mark.parametrize(
    "data", [b"", b"BM" + bytes(60), b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xda" + bytes(60)]
)
def test_nothing_is_said_of_what_does_not_say(data):
    assert count_pixels(data) is None


def test_a_header_without_end_is_given_up():
    assert count_pixels(b"\xff\xd8" + b"\xff\xfe\x00\x02" * 1_000_000) is None


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow, of damaged EXIF data
@pytest.mark.parametrize("data", ENCODED)
@given(changes=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 255)), max_size=4))
@settings(max_examples=80, deadline=None)
def test_what_decodes_within_the_pixels_of_its_header_has_no_more(data, changes):
    damaged = bytearray(data)
    for place, value in changes:
        damaged[place % len(damaged)] = value
    said = count_pixels(bytes(damaged))

    try:
        decoded = decode(bytes(damaged), DecodeLimits(max_pixels=min(said or 0, 1_000_000)))
    except ImageError:
        return
    assert decoded.image.width * decoded.image.height <= said
