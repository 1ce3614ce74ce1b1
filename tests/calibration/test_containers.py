import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.data import astronaut

from calibration.containers import (
    Part,
    bare,
    container_of,
    join_jpeg,
    join_png,
    join_webp,
    jpeg_file,
    jpeg_scans,
    jpeg_segments_among,
    png_chunks,
    webp_chunks,
)
from calibration.image import decode
from calibration.metadata import read_metadata
from tests.calibration.broken_files import chunk, exif_of_endless_resolution, saved, with_chunk
from tests.calibration.embedded_profiles import display_p3

PIXELS = astronaut()[:61, :83]
OPTIONS = {"exif": exif_of_endless_resolution(6), "icc_profile": display_p3()}
FILES = {
    "jpeg": saved(PIXELS, "JPEG", comment=b"a comment", **OPTIONS),
    "progressive jpeg": saved(PIXELS, "JPEG", progressive=True, **OPTIONS),
    "png": saved(PIXELS, "PNG", **OPTIONS),
    "webp": saved(PIXELS, "WEBP", quality=80, **OPTIONS),
    "lossless webp": saved(PIXELS, "WEBP", lossless=True, **OPTIONS),
}


def joined(data):
    match container_of(data):
        case "jpeg":
            file = jpeg_file(data)
            return join_jpeg(file.segments, file.scans) + file.tail
        case "png":
            return join_png(png_chunks(data))
        case _:
            return join_webp(webp_chunks(data))


@pytest.mark.parametrize("name", FILES)
def test_what_is_taken_apart_is_put_together_byte_for_byte(name):
    assert joined(FILES[name]) == FILES[name]


@pytest.mark.parametrize("name", FILES)
def test_a_bare_file_holds_the_same_pixels_and_nothing_else(name):
    stripped = bare(FILES[name])

    assert len(stripped) < len(FILES[name])
    assert read_metadata(stripped).is_empty
    assert np.array_equal(decode(stripped).image.pixels, decode(FILES[name]).stored.pixels)


def test_what_is_wrong_with_pixels_stays_wrong_in_a_bare_file():
    png = FILES["png"]
    place = png.index(b"IHDR") + 17
    broken = png[:place] + bytes([png[place] ^ 1]) + png[place + 1 :]

    assert next(png_chunks(bare(broken))) == next(png_chunks(broken))
    assert not next(png_chunks(bare(broken))).is_intact


def test_what_follows_the_end_of_a_jpeg_is_told_apart():
    assert jpeg_file(FILES["progressive jpeg"] + FILES["jpeg"]).tail == FILES["jpeg"]


def test_every_scan_is_found():
    assert len(list(jpeg_scans(jpeg_file(FILES["jpeg"]).scans))) == 1
    assert len(list(jpeg_scans(jpeg_file(FILES["progressive jpeg"]).scans))) == 10


def test_the_frame_of_a_jpeg_is_read():
    assert jpeg_file(FILES["jpeg"]).frame == (0xC0, 8, 3)
    assert jpeg_file(FILES["progressive jpeg"]).frame == (0xC2, 8, 3)
    assert jpeg_file(b"\xff\xd8\xff\xd9").frame is None


def test_a_chunk_of_a_wrong_checksum_is_told():
    data = with_chunk(saved(PIXELS, "PNG"), chunk(b"tEXt", b"a\0b", is_intact=False))

    assert [part.kind for part in png_chunks(data) if not part.is_intact] == [b"tEXt"]


def test_a_segment_longer_than_a_jpeg_holds_is_refused():
    with pytest.raises(ValueError, match="at most 65533"):
        join_jpeg([Part(b"\xff\xe1", bytes(65_534))], b"")


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"RIFF\0\0\0\0WAVE", b"\xff\xd8", b"\x89PNG"])
def test_other_formats_are_no_container_and_come_back_as_they_are(data):
    assert container_of(data) is None
    assert bare(data) is data


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_damaged_files_are_taken_apart_without_an_error(name, data):
    damaged = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(0, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])

    assert len(bare(damaged)) <= len(damaged) + 4 * (damaged.count(b"\xff") + 3)


@given(st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"]), st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_random_bytes_are_taken_apart_without_an_error(signature, tail):
    assert container_of(bare(signature + tail)) in {container_of(signature + tail), None}


def test_hostile_files_of_many_parts_are_given_up():
    for data in (
        b"\xff\xd8" + b"\xff\xe5\0\2" * 300_000,
        b"\x89PNG\r\n\x1a\n" + chunk(b"aaAa", b"") * 300_000,
    ):
        assert len(bare(data)) < len(data) + 1


def test_segments_behind_the_first_scan_are_found():
    encoded = FILES["progressive jpeg"]
    hidden = encoded[:-2] + b"\xff\xfe\0\x07hello" + encoded[-2:]

    found = [part.payload for part in jpeg_segments_among(jpeg_file(hidden).scans) if part.marker == 0xFE]

    assert found == [b"hello"]
