import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage

from calibration import png_rewrite
from calibration.containers import Part, join_png, png_chunks
from calibration.png_rewrite import rewrite_png
from tests.calibration.png_files import DEPTHS, KINDS, made, png_of, samples_of


def by_opencv(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def by_pillow(data):
    opened = PillowImage.open(io.BytesIO(data))
    return opened.mode, opened.tobytes(), opened.getpalette(), opened.info.get("transparency")


def transparency_in(data):
    return [part.payload for part in png_chunks(data) if part.kind == b"tRNS"]


def header_of(data):
    return struct.unpack(">IIBBBBB", next(iter(png_chunks(data))).payload)


@pytest.mark.parametrize(("colour", "bits"), KINDS)
def test_every_kind_of_png_is_read_as_before_by_every_decoder(colour: int, bits: int):
    data = made(np.random.default_rng(bits), colour=colour, bits=bits)

    smaller = rewrite_png(data)

    assert len(smaller) < len(data)
    assert header_of(smaller) == header_of(data)
    assert by_pillow(smaller) == by_pillow(data)
    assert np.array_equal(by_opencv(smaller), by_opencv(data))


@pytest.mark.parametrize(("colour", "bits"), [each for each in KINDS if each[0] in (0, 2, 3)])
def test_a_palettes_transparency_and_a_clear_colour_stay(colour: int, bits: int):
    data = made(np.random.default_rng(bits), colour=colour, bits=bits, has_clear_pixels=True)

    smaller = rewrite_png(data)

    assert transparency_in(smaller) == transparency_in(data)
    assert len(transparency_in(smaller)) == 1
    assert by_pillow(smaller) == by_pillow(data)
    assert np.array_equal(by_opencv(smaller), by_opencv(data))


@pytest.mark.parametrize(("colour", "bits"), [each for each in KINDS if each[1] >= 8])
def test_an_interlaced_picture_comes_back_row_by_row(colour: int, bits: int):
    data = made(np.random.default_rng(bits), colour=colour, bits=bits, interlaced=True)

    smaller = rewrite_png(data)

    assert len(smaller) < len(data)
    assert header_of(smaller)[6] == 0
    assert by_pillow(smaller) == by_pillow(data)


@pytest.mark.parametrize("bits", [bits for bits in DEPTHS[0] if bits < 8])
def test_an_interlaced_picture_of_parts_of_bytes_is_left(bits: int):
    assert rewrite_png(made(np.random.default_rng(0), colour=0, bits=bits, interlaced=True)) is None


def test_flat_graphics_get_no_filter_and_photographs_do():
    rng = np.random.default_rng(0)
    flat = np.repeat(rng.integers(0, 256, (40, 40, 3)), 8, axis=1)
    smooth = samples_of(rng, bits=8, colour=2, size=(200, 200))

    filters = [first_filter(rewrite_png(png_of(each, bits=8, colour=2))) for each in (flat, smooth)]

    assert filters[0] == 0
    assert filters[1] != 0


def first_filter(data):
    rows = b"".join(part.payload for part in png_chunks(data) if part.kind == b"IDAT")
    width = header_of(data)[0]
    return zlib.decompress(rows)[3 * width + 1]  # of the second row


def test_only_chunks_that_samples_need_stay():
    data = made(
        np.random.default_rng(0), colour=2, bits=8, chunks=[(b"tEXt", b"Title\0x"), (b"gAMA", bytes(4))]
    )

    assert [part.kind for part in png_chunks(rewrite_png(data))] == [b"IHDR", b"IDAT", b"IEND"]


@pytest.mark.parametrize("colour", [1, 5, 7, 9])
def test_colour_types_that_do_not_exist_are_left(colour: int):
    chunks = list(png_chunks(made(np.random.default_rng(0), colour=2, bits=8)))
    header = chunks[0].payload[:9] + bytes([colour]) + chunks[0].payload[10:]

    assert rewrite_png(join_png([Part(b"IHDR", header), *chunks[1:]])) is None


@pytest.mark.parametrize(("colour", "depth"), [(6, 10), (2, 5), (0, 0), (4, 255)])
def test_depths_that_do_not_exist_are_left(colour: int, depth: int):
    chunks = list(png_chunks(made(np.random.default_rng(0), colour=2, bits=8)))
    header = chunks[0].payload[:8] + bytes([depth, colour]) + chunks[0].payload[10:]

    assert rewrite_png(join_png([Part(b"IHDR", header), *chunks[1:]])) is None


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xd9"])
def test_what_is_no_png_is_left(data: bytes):
    assert rewrite_png(data) is None


def test_a_picture_cut_short_is_left():
    data = made(np.random.default_rng(0), colour=2, bits=8)

    assert rewrite_png(data[: len(data) // 2]) is None


def test_a_picture_too_large_is_left(monkeypatch: pytest.MonkeyPatch):
    data = made(np.random.default_rng(0), colour=2, bits=8)
    monkeypatch.setattr(png_rewrite, "MOST_PIXELS", 23 * 37 - 1)

    assert rewrite_png(data) is None
