import numpy as np
import pytest

from calibration.containers import (
    MOST_PARTS,
    Part,
    join_jpeg,
    join_png,
    join_webp,
    jpeg_file,
    png_chunks,
    webp_chunks,
)
from gateway.detection.odd_structure import odd_structure
from tests.gateway.detection.container_files import CAT, CUP, animated, opened, saved

SMALL = CAT[:80, :96]
ANIMATED = {name: animated(name, [SMALL, SMALL[::-1]], 90) for name in ("PNG", "WEBP")}
PROGRESSIVE = saved(SMALL, "JPEG", progressive=True)
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


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_transparent_webp_has_everything_once(mode):
    for is_lossless in (False, True):
        clear = saved(opened(SMALL).convert(mode), "WEBP", lossless=is_lossless, exact=True)
        assert odd_structure(clear) is None


def test_frames_beside_the_picture_of_a_still_webp_are_odd():
    still, moving = (list(webp_chunks(each)) for each in (saved(SMALL, "WEBP"), ANIMATED["WEBP"]))
    frames = [part for part in moving if part.kind == b"ANMF"]

    assert odd_structure(join_webp([*still, *frames])) == "two pictures where one is allowed"


def test_transparency_that_the_header_of_a_webp_denies_is_odd():
    half = np.dstack([SMALL, np.full(SMALL.shape[:2], 128, np.uint8)])
    chunks = list(webp_chunks(saved(opened(half), "WEBP", quality=80)))
    denied = [Part(b"VP8X", bytes(1) + chunks[0].payload[1:]), *chunks[1:]]

    assert odd_structure(join_webp(chunks)) is None
    assert odd_structure(join_webp(denied)) == "transparency that its header denies"
    assert odd_structure(join_webp(chunks[1:])) == "transparency that its header denies"


def test_frames_that_a_png_does_not_tell_of_are_odd():
    chunks = list(png_chunks(ANIMATED["PNG"]))
    control = next(part for part in chunks if part.kind == b"acTL")
    others = [part for part in chunks if part is not control]
    one = Part(b"acTL", b"\0\0\0\1" + control.payload[4:])

    for frames in (others, [*others[:-1], control, others[-1]], [others[0], one, *others[1:]]):
        assert odd_structure(join_png(frames)) == "frames that its header does not tell of"


def jpeg_with(*parts, at=None):
    """Put segments before the frame's header, or into the scans at the place of a table."""
    file = jpeg_file(PROGRESSIVE)
    if at is None:
        return join_jpeg([*file.segments[:1], *parts, *file.segments[1:]], file.scans)
    place = file.scans.rindex(at)
    return join_jpeg(file.segments, file.scans[:place] + join_jpeg(parts, b"")[2:] + file.scans[place:])


def test_two_different_markers_of_adobe_are_odd_and_one_given_twice_is_not():
    one, other = (Part(b"\xff\xee", b"Adobe\0d\0\0\0\0" + bytes([each])) for each in (0, 1))

    assert odd_structure(jpeg_with(other, other)) is None
    assert odd_structure(jpeg_with(other, one)) == "Adobe's marker twice, and differently"


def test_another_table_behind_a_scan_is_odd_and_the_same_again_is_not():
    table = next(part for part in jpeg_file(PROGRESSIVE).segments if part.marker == 0xDB)
    changed = Part(table.kind, table.payload[:1] + bytes([99]) * 64)

    assert odd_structure(jpeg_with(table, at=b"\xff\xc4")) is None
    assert "another table" in str(odd_structure(jpeg_with(changed, at=b"\xff\xc4")))


def test_another_height_behind_a_scan_is_odd_and_the_same_again_is_not():
    same, other = (Part(b"\xff\xdc", height.to_bytes(2, "big")) for height in (80, 160))

    assert odd_structure(jpeg_with(same, at=b"\xff\xc4")) is None
    assert odd_structure(jpeg_with(other, at=b"\xff\xc4")) == "its height twice, and differently"


def test_more_chunks_than_are_looked_at_are_odd():
    many = [Part(b"tEXt", b"a\0b")] * MOST_PARTS

    assert odd_structure(join_png([CHUNKS[0], *many, *CHUNKS[1:]])) == "more chunks than anybody looks at"
