import pytest

from calibration.containers import MOST_PARTS, Part, join_png, join_webp, png_chunks, webp_chunks
from gateway.detection.odd_structure import odd_structure
from tests.gateway.detection.container_files import CAT, CUP, animated, saved

SMALL = CAT[:80, :96]
CHUNKS = list(png_chunks(saved(SMALL, "PNG")))


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "GIF", "WEBP"])
def test_ordinary_files_have_everything_once(format_name):
    assert odd_structure(saved(SMALL, format_name)) is None
    assert format_name == "JPEG" or odd_structure(animated(format_name, [SMALL, SMALL[::-1]], 90)) is None


def test_a_header_given_twice_is_odd():
    assert odd_structure(join_png([CHUNKS[0], *CHUNKS])) == "its chunk IHDR twice"


def test_picture_data_in_two_places_are_odd_and_in_many_pieces_are_not():
    text = Part(b"tEXt", b"a\0b")
    pixels = [part for part in CHUNKS if part.kind == b"IDAT"]

    assert odd_structure(join_png([*CHUNKS[:-1], *pixels, CHUNKS[-1]])) is None
    assert odd_structure(join_png([*CHUNKS[:-1], text, *pixels, CHUNKS[-1]])) == "picture data in two places"


def test_two_pictures_in_a_still_webp_are_odd():
    both = [*webp_chunks(saved(SMALL, "WEBP")), *webp_chunks(saved(CUP, "WEBP"))]

    assert odd_structure(join_webp(both)) == "two pictures where one is allowed"


def test_more_chunks_than_are_looked_at_are_odd():
    many = [Part(b"tEXt", b"a\0b")] * MOST_PARTS

    assert odd_structure(join_png([CHUNKS[0], *many, *CHUNKS[1:]])) == "more chunks than anybody looks at"
