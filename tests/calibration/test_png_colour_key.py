import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.image import decode
from calibration.png_colour_key import ColourKey, read_colour_key
from tests.calibration.broken_files import png, saved

GREY = np.array([[1, 0, 1, 0], [0, 0, 1, 1]])


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_the_transparent_grey_shows_white_at_every_depth(bits):
    most = (1 << bits) - 1
    data = png(GREY * (most // 3 or 1), bits=bits, color_type=0, key=[0])

    decoded = decode(data)

    assert decoded.source.has_alpha
    assert np.array_equal(decoded.image.pixels[..., 0] == 255, (GREY == 0) | (bits == 1))


def test_of_two_greys_that_differ_below_eight_bits_one_alone_is_transparent():
    decoded = decode(png([[1000, 1001], [1001, 1000]], bits=16, color_type=0, key=[1000]))

    assert (decoded.image.pixels[..., 0] == 255).tolist() == [[True, False], [False, True]]
    assert decoded.source.has_alpha
    assert decoded.source.depth == 16


def test_of_two_colours_that_differ_below_eight_bits_one_alone_is_transparent():
    rows = [[[1000, 2000, 3000], [1000, 2000, 3001]]]

    decoded = decode(png(rows, bits=16, color_type=2, key=[1000, 2000, 3000]))

    assert decoded.image.pixels.tolist() == [[[255, 255, 255], [3, 7, 11]]]
    assert decoded.source.has_alpha


@pytest.mark.parametrize(("color_type", "key"), [(0, [77]), (2, [1, 2, 3])])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_transparent_colour_that_is_not_there_leaves_the_picture_opaque(bits, color_type, key):
    rows = np.full((3, 3) if color_type == 0 else (3, 3, 3), 5)

    assert not decode(png(rows, bits=bits, color_type=color_type, key=key)).source.has_alpha


def test_bits_beyond_the_depth_are_ignored():
    assert read_colour_key(png([[5, 6]], bits=8, color_type=0, key=[0x0105])) == ColourKey((5,), 8)


@pytest.mark.parametrize("key", [None, []])
def test_without_a_whole_colour_there_is_none(key):
    assert read_colour_key(png([[5, 6]], bits=8, color_type=0, key=key)) is None


def test_only_png_has_one():
    assert read_colour_key(saved(np.zeros((9, 9, 3), np.uint8), "JPEG")) is None


@given(st.binary(max_size=200))
def test_random_bytes_are_read_without_an_error(tail):
    read_colour_key(b"\x89PNG\r\n\x1a\n" + tail)
