import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.data import astronaut

from calibration.containers import container_of
from calibration.dynamic_range import is_hdr
from tests.calibration.broken_files import chunk, png, saved, with_chunk
from tests.calibration.embedded_profiles import SRGB, display_p3, with_cicp

PIXELS = astronaut()[:40, :60]
JPEG, PNG = saved(PIXELS, "JPEG"), saved(PIXELS, "PNG")
GAIN_MAP = b'<x xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/>'


def iso_media(*, bits=8, transfer=13):
    pixels = struct.pack(">I4sIB3B", 16, b"pixi", 0, 3, bits, bits, bits)
    colour = struct.pack(">I4s4sHHHB", 19, b"colr", b"nclx", 9, transfer, 9, 128)
    return struct.pack(">I4s4sI", 16, b"ftyp", b"avif", 0) + bytes(60) + pixels + colour


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(with_chunk(PNG, chunk(b"cICP", bytes([9, 16, 0, 1]))), id="PQ by chunk"),
        pytest.param(with_chunk(PNG, chunk(b"cICP", bytes([9, 18, 0, 1]))), id="HLG by chunk"),
        pytest.param(saved(PIXELS, "JPEG", icc_profile=with_cicp(16)), id="PQ by profile"),
        pytest.param(saved(PIXELS, "WEBP", icc_profile=with_cicp(18)), id="HLG by profile"),
        pytest.param(JPEG.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c"), id="JPEG of twelve bits"),
        pytest.param(
            saved(PIXELS, "JPEG", xmp=GAIN_MAP.replace(b"/>", b' hdrgm:BaseRenditionIsHDR="True"/>')),
            id="gain map of a bright base",
        ),
        pytest.param(
            saved(PIXELS, "JPEG", xmp=GAIN_MAP.replace(b"/>", b" hdrgm:BaseRenditionIsHDR = 'True'/>")),
            id="gain map of a bright base, written in another way",
        ),
        pytest.param(
            saved(PIXELS, "JPEG", xmp=b"<hdrgm:BaseRenditionIsHDR>True</hdrgm:BaseRenditionIsHDR>"),
            id="gain map of a bright base, as an element",
        ),
        pytest.param(saved(PIXELS[..., 0].astype(np.uint16) * 257, "PNG"), id="grey of sixteen bits"),
        pytest.param(png(PIXELS.astype(int) * 257, bits=16, color_type=2), id="colours of sixteen bits"),
        pytest.param(iso_media(bits=10), id="AVIF of ten bits"),
        pytest.param(iso_media(transfer=16), id="AVIF in PQ"),
    ],
)
def test_hdr_is_told(data):
    assert is_hdr(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(JPEG, id="JPEG"),
        pytest.param(PNG, id="PNG"),
        pytest.param(with_chunk(PNG, chunk(b"cICP", bytes([12, 13, 0, 1]))), id="P3 by chunk"),
        pytest.param(with_chunk(PNG, chunk(b"cICP", b"")), id="an empty chunk"),
        pytest.param(saved(PIXELS, "JPEG", icc_profile=display_p3()), id="P3 by profile"),
        pytest.param(saved(PIXELS, "JPEG", icc_profile=SRGB), id="sRGB by profile"),
        pytest.param(saved(PIXELS, "JPEG", xmp=GAIN_MAP), id="an ordinary picture with a gain map"),
        pytest.param(
            saved(PIXELS, "JPEG", xmp=GAIN_MAP.replace(b"/>", b' hdrgm:BaseRenditionIsHDR="False"/>')),
            id="a gain map of an ordinary base",
        ),
        pytest.param(iso_media(), id="AVIF of eight bits"),
        pytest.param(b"\0\0\0\x10ftypavif", id="AVIF that says nothing"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_a_standard_screen_shows_is_not_hdr(data):
    assert not is_hdr(data)


@given(
    st.sampled_from(
        [b"\0\0\0\x10ftypavif", b"\0\0\0\x10ftypheicpixi", b"\0\0\0\x10ftypcolrnclx", b"\xff\xd8\xff"]
    ),
    st.binary(max_size=60),
)
def test_random_bytes_are_told_without_an_error(head, tail):
    assert is_hdr(head + tail) in {True, False}
    assert container_of(head) in {None, "jpeg"}
