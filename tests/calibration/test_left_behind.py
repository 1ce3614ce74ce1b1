import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage
from PIL import PngImagePlugin
from skimage.data import astronaut

from calibration.containers import Part, join_jpeg, join_webp, jpeg_file, webp_chunks
from calibration.exif import minimal_exif
from calibration.image import decode, encode_jpeg, encode_png, encode_webp, encode_webp_lossless
from calibration.left_behind import KINDS, left_behind
from calibration.metadata import Metadata, attach
from tests.calibration.broken_files import chunk, saved, with_chunk
from tests.calibration.embedded_profiles import display_p3

PIXELS = astronaut()[:40, :60]
JPEG, PNG, WEBP = (saved(PIXELS, name) for name in ("JPEG", "PNG", "WEBP"))
GAIN_MAP_XMP = b'<x xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/>'


def camera_exif():
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a camera"
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def with_segment(marker, payload):
    file = jpeg_file(JPEG)
    return join_jpeg([*file.segments, Part(bytes([0xFF, marker]), payload)], file.scans)


def with_thumbnail():
    directory = struct.pack(">HHHIII", 1, 0x0201, 4, 1, 0, 0)
    block = minimal_exif(6)
    return with_segment(0xE1, b"Exif\0\0" + block[:-4] + struct.pack(">I", len(block)) + directory)


def png_text(keyword, text="text"):
    info = PngImagePlugin.PngInfo()
    info.add_itxt(keyword, text)
    return saved(PIXELS, "PNG", pnginfo=info)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (JPEG, ()),
        (PNG, ()),
        (WEBP, ()),
        (b"", ()),
        (saved(PIXELS, "GIF"), ()),
        (saved(PIXELS, "JPEG", exif=camera_exif()), ("exif", "gps")),
        (saved(PIXELS, "PNG", exif=camera_exif()), ("exif", "gps")),
        (saved(PIXELS, "WEBP", exif=camera_exif()), ("exif", "gps")),
        (saved(PIXELS, "JPEG", xmp=b"<x/>", comment=b"a comment"), ("xmp", "comment")),
        (saved(PIXELS, "WEBP", xmp=b"<x/>"), ("xmp",)),
        (with_thumbnail(), ("thumbnail",)),
        (with_segment(0xE0, b"JFXX\0\x10"), ("thumbnail",)),
        (with_segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\1abc"), ("thumbnail",)),
        (with_segment(0xED, b"Photoshop 3.0\0"), ("iptc",)),
        (with_segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0"), ("xmp",)),
        (with_segment(0xE2, b"MPF\0"), ("second_picture",)),
        (with_segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0"), ("gain_map",)),
        (with_segment(0xE5, b"SAMSUNG"), ("private_chunk",)),
        (with_segment(0xE1, b"QVCI"), ("private_chunk",)),
        (saved(PIXELS, "JPEG", xmp=GAIN_MAP_XMP), ("xmp", "gain_map")),
        (JPEG + JPEG, ("second_picture",)),
        (JPEG + saved(PIXELS, "JPEG", xmp=GAIN_MAP_XMP), ("second_picture", "gain_map")),
        (JPEG + b"\0\0\0\x18ftypmp42" + bytes(90), ("motion_video",)),
        (saved(PIXELS, "JPEG", xmp=b'<x GCamera:MotionPhoto="1"/>'), ("xmp", "motion_video")),
        (JPEG + b"hidden", ("private_chunk",)),
        (JPEG + bytes(64), ()),
        (png_text("Comment"), ("comment",)),
        (png_text("XML:com.adobe.xmp"), ("xmp",)),
        (png_text("Raw profile type iptc"), ("iptc",)),
        (with_chunk(PNG, chunk(b"caBX", b"claims")), ("private_chunk",)),
        (with_chunk(PNG, chunk(b"pHYs", bytes(9))), ()),
        (PNG + b"hidden", ("private_chunk",)),
        (join_webp([*webp_chunks(WEBP), Part(b"ABCD", b"1")]), ("private_chunk",)),
    ],
)
def test_what_a_rewrite_leaves_out_is_named(data, expected):
    assert left_behind(data) == expected


@pytest.mark.parametrize(
    "encode",
    [
        lambda image: encode_jpeg(image, 90),
        encode_png,
        lambda image: encode_webp(image, 80),
        encode_webp_lossless,
    ],
)
def test_nothing_is_left_behind_of_what_was_just_written(encode):
    sent = attach(encode(decode(PNG).image), Metadata(orientation=6, profile=display_p3()))

    assert left_behind(sent) == ()


@pytest.mark.parametrize(
    "data",
    [saved(PIXELS, name, exif=camera_exif(), icc_profile=display_p3()) for name in ("JPEG", "PNG", "WEBP")],
)
@given(changes=st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 255)), max_size=6))
@settings(max_examples=80, deadline=None)
def test_damaged_files_are_told_without_an_error(data, changes):
    damaged = bytearray(data)
    for place, value in changes:
        damaged[place % len(damaged)] = value

    assert set(left_behind(bytes(damaged))) <= set(KINDS)
