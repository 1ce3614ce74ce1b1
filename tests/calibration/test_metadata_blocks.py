import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import PngImagePlugin
from skimage.data import astronaut

from calibration.containers import Part, join_jpeg, jpeg_file, png_chunks
from calibration.exif import minimal_exif
from calibration.metadata import read_metadata
from calibration.metadata_blocks import Blocks, find_blocks, png_text_contents, png_texts
from tests.calibration.broken_files import chunk, saved, with_chunk
from tests.calibration.embedded_profiles import display_p3, swapped_channels

PIXELS = astronaut()[:40, :60]
XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="8"/></x:xmpmeta>'
EXIF = minimal_exif(6)


def png_text(keyword, text, *, compressed):
    info = PngImagePlugin.PngInfo()
    info.add_itxt(keyword, text, zip=compressed)
    return saved(PIXELS, "PNG", pnginfo=info)


def pieces(profile, numbers, total):
    segments = [Part(b"\xff\xe2", b"ICC_PROFILE\0" + bytes([n, total]) + profile) for n in numbers]
    file = jpeg_file(saved(PIXELS, "JPEG"))
    return join_jpeg([*file.segments, *segments], file.scans)


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_blocks_are_found_as_they_stand(format_name):
    xmp = {"xmp": XMP} if format_name != "PNG" else {}
    data = saved(PIXELS, format_name, exif=b"Exif\0\0" + EXIF, icc_profile=display_p3(), **xmp)

    assert find_blocks(data) == Blocks(EXIF, xmp.get("xmp"), display_p3())


@pytest.mark.parametrize("compressed", [True, False])
def test_xmp_in_the_text_of_a_png_turns_it(compressed):
    data = png_text("XML:com.adobe.xmp", XMP.decode(), compressed=compressed)

    assert find_blocks(data).xmp == XMP
    assert read_metadata(data).orientation == 8


def test_exif_goes_before_xmp():
    assert read_metadata(saved(PIXELS, "JPEG", exif=b"Exif\0\0" + EXIF, xmp=XMP)).orientation == 6


@pytest.mark.parametrize("compressed", [True, False])
def test_exif_in_hexadecimal_digits_is_read_as_pillow_reads_it(compressed):
    block = b"Exif\0\0" + EXIF
    digits = block.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    info = PngImagePlugin.PngInfo()
    info.add_text("Raw profile type exif", f"\nexif\n{len(block):8}\n{lines}\n", zip=compressed)
    data = saved(PIXELS, "PNG", pnginfo=info)

    assert find_blocks(data).exif == EXIF
    assert read_metadata(data).orientation == 6


def test_pieces_of_a_profile_are_put_in_order():
    file = jpeg_file(saved(PIXELS, "JPEG"))
    halves = {1: b"first", 2: b"second"}
    segments = [Part(b"\xff\xe2", b"ICC_PROFILE\0" + bytes([n, 2]) + halves[n]) for n in (2, 1)]

    assert find_blocks(join_jpeg([*file.segments, *segments], file.scans)).profile == b"firstsecond"


@pytest.mark.parametrize(("numbers", "total"), [([1], 2), ([1, 2, 3], 2), ([], 1)])
def test_a_profile_of_missing_or_extra_pieces_is_none(numbers, total):
    assert find_blocks(pieces(b"piece", numbers, total)).profile is None


@pytest.mark.parametrize(
    "added",
    [
        chunk(b"iCCP", b"a\0\0" + zlib.compress(display_p3()), is_intact=False),
        chunk(b"iCCP", b"a\0\0no zlib"),
        chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(50_000_000))),
        chunk(b"iCCP", b""),
        chunk(b"eXIf", EXIF, is_intact=False),
        chunk(b"gAMA", struct.pack(">I", 1), is_intact=False),
        chunk(b"tEXt", b"Raw profile type exif\0no digits"),
    ],
)
def test_what_is_damaged_is_absent(added):
    assert find_blocks(with_chunk(saved(PIXELS, "PNG"), added)) == Blocks()


@pytest.mark.parametrize("missing", [4, 40])
def test_a_profile_without_its_end_is_kept_as_pillow_keeps_it(missing):
    contents = b"a\0\0" + zlib.compress(swapped_channels())[:-missing]
    data = with_chunk(saved(PIXELS, "PNG"), chunk(b"iCCP", contents))

    profile = PillowImage.open(io.BytesIO(data)).info["icc_profile"]
    assert len(profile) > 100
    assert find_blocks(data).profile == read_metadata(data).profile == profile


def test_colour_chunks_are_kept_in_their_order():
    data = with_chunk(saved(PIXELS, "PNG"), chunk(b"cHRM", bytes(32)) + chunk(b"gAMA", bytes(4)))

    assert find_blocks(data).png_colour == ((b"cHRM", bytes(32)), (b"gAMA", bytes(4)))


def test_other_formats_hold_nothing():
    assert find_blocks(saved(np.zeros((4, 4), np.uint8), "GIF")) == Blocks()
    assert find_blocks(b"") == Blocks()


def test_a_picture_without_metadata_holds_nothing():
    assert find_blocks(saved(PIXELS, "JPEG")) == Blocks()


def test_of_a_text_padded_to_megabytes_the_beginning_is_read():
    padded = png_text("Comment", "an order" + " " * 5_000_000, compressed=True)

    ((keyword, text),) = png_text_contents(list(png_chunks(padded)))

    assert (keyword, text[:9]) == (b"Comment", b"an order ")
    assert len(text) < 1_000_000


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_thousands_of_packets_that_inflate_to_megabytes_cost_no_more_than_a_few(kind):
    keyword = b"XML:com.adobe.xmp" if kind == b"iTXt" else b"Raw profile type exif"
    packet = keyword + (b"\0\1\0\0\0" if kind == b"iTXt" else b"\0\0") + zlib.compress(bytes(3_000_000))
    hostile = with_chunk(saved(PIXELS, "PNG"), b"".join(chunk(kind, packet) for _ in range(400)))

    read = [len(text) for _, text in png_texts(list(png_chunks(hostile)))]

    assert len(read) == 400
    assert 0 < sum(read) <= 12_000_000


def test_of_thousands_of_compressed_texts_the_first_are_read():
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"an order"))
    many = with_chunk(saved(PIXELS, "PNG"), text * 5_000)

    read = [bool(content) for _, content in png_text_contents(list(png_chunks(many)))]

    assert len(read) == 5_000
    assert read == sorted(read, reverse=True)
    assert 10 <= sum(read) <= 1_000
