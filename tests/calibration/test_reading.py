import hashlib
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage
from PIL import ImageFile, PngImagePlugin
from skimage.data import astronaut

from calibration.image import Image, decode, decode_reduced, encode_jpeg
from calibration.image_source import DecodeLimits, ImageError
from calibration.reading import read, read_reduced
from tests.calibration.broken_files import (
    arithmetic_jpeg,
    chunk,
    exif_of_endless_resolution,
    saved,
    with_chunk,
)
from tests.calibration.embedded_profiles import display_p3

PHOTO = astronaut()[:200, :300]
NOISE = np.random.default_rng(1).integers(0, 256, (300, 200, 3), dtype=np.uint8)
PNG = saved(PHOTO, "PNG")
FORMATS = {
    "PNG": saved(PHOTO, "PNG"),
    "JPEG": saved(PHOTO, "JPEG", quality=90),
    "progressive JPEG": saved(PHOTO, "JPEG", quality=90, progressive=True),
    "WEBP": saved(PHOTO, "WEBP", quality=90),
}
LARGE = {
    "PNG": saved(NOISE, "PNG"),
    "JPEG": saved(NOISE, "JPEG", quality=95),
    "progressive JPEG": saved(NOISE, "JPEG", quality=95, progressive=True),
    "WEBP": saved(NOISE, "WEBP", quality=90),
}


@pytest.mark.parametrize(
    "added",
    [
        pytest.param(chunk(b"tEXt", b"a\0b", is_intact=False), id="text of a wrong checksum"),
        pytest.param(chunk(b"zTXt", b"a\0\0" + zlib.compress(b"b" * 2_000_000)), id="text of two megabytes"),
        pytest.param(chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(b"b" * 9_000_000)), id="another text"),
        pytest.param(
            chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(2_000_000))), id="a profile of two megabytes"
        ),
        pytest.param(
            chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(90_000_000))), id="a profile that is a bomb"
        ),
        pytest.param(chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff"), id="exif that points nowhere"),
        pytest.param(chunk(b"pHYs", b"a"), id="a resolution cut short"),
        pytest.param(chunk(b"gAMA", b""), id="an empty gamma"),
        pytest.param(chunk(b"tRNS", b"abcdef", is_intact=False), id="transparency of a wrong checksum"),
        pytest.param(chunk(b"tRNS", b"a"), id="transparency cut short"),
        pytest.param(chunk(b"acTL", b"a"), id="an animation cut short"),
    ],
)
def test_what_is_wrong_beside_the_pixels_hides_no_pixel(added):
    shown = decode(with_chunk(PNG, added))

    assert np.array_equal(shown.image.pixels, PHOTO)


def test_a_chunk_without_end_behind_the_pixels_hides_none():
    end = PNG.rindex(b"IEND") - 4

    assert np.array_equal(decode(PNG[:end] + b"\x7f\xff\xff\xfftEXta").image.pixels, PHOTO)


def test_broken_entropy_data_is_shown_as_others_show_it():
    place = FORMATS["JPEG"].index(b"\xff\xda") + 2_000
    data = FORMATS["JPEG"][:place] + b"\xff\xd8" + FORMATS["JPEG"][place + 2 :]
    elsewhere = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)

    shown = decode(data)

    assert np.array_equal(shown.image.pixels, elsewhere)
    assert shown.source.is_repaired


def test_a_picture_that_others_may_refuse_is_not_plain():
    shown = decode(with_chunk(PNG, chunk(b"tEXt", b"a\0b", is_intact=False)))

    assert shown.source.is_repaired
    assert not shown.source.is_plain


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "WEBP"])
def test_an_impossible_value_hides_neither_pixels_nor_orientation(format_name):
    shown = decode(saved(PHOTO, format_name, exif=exif_of_endless_resolution(6)))

    assert (shown.source.orientation, shown.source.is_rotated) == (6, True)
    assert (shown.image.width, shown.image.height) == (200, 300)


@pytest.mark.parametrize("name", ["JPEG", "progressive JPEG"])
def test_a_jpeg_without_its_last_two_bytes_is_looked_at(name):
    shown = decode(FORMATS[name][:-2])

    assert np.array_equal(shown.image.pixels, decode(FORMATS[name]).image.pixels)
    assert shown.source.is_repaired


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7])
def test_much_missing_is_damage(name, share):
    with pytest.raises(ImageError) as caught:
        decode(FORMATS[name][: int(len(FORMATS[name]) * share)])

    assert caught.value.reason == "damaged"


def test_limits_hold_for_what_is_read_a_second_time():
    data = with_chunk(PNG, chunk(b"tEXt", b"a\0b", is_intact=False))

    with pytest.raises(ImageError) as caught:
        decode(data, DecodeLimits(max_pixels=59_999))

    assert caught.value.reason == "too_many_pixels"


def test_stored_pixels_are_neither_turned_nor_converted():
    options = {"exif": exif_of_endless_resolution(8), "icc_profile": display_p3()}

    shown = decode(saved(PHOTO, "PNG", **options))

    assert np.array_equal(shown.stored.pixels, PHOTO)
    assert shown.image.pixels.shape == (300, 200, 3)
    assert not np.array_equal(np.rot90(shown.stored.pixels), shown.image.pixels)


def test_what_is_neither_turned_nor_converted_is_kept_once():
    shown = decode(PNG)

    assert shown.stored is shown.image


def test_an_arithmetic_jpeg_is_read_the_same_before_and_after_a_large_picture_is_written():
    data = arithmetic_jpeg(2_400)
    program = (
        "import hashlib, sys; from calibration.image import decode; found = decode(sys.stdin.buffer.read());"
        "print(hashlib.sha256(found.image.pixels).hexdigest(), found.source)"
    )
    fresh = subprocess.run([sys.executable, "-c", program], input=data, capture_output=True, check=True)

    encode_jpeg(Image(np.zeros((1_500, 1_500, 3), np.uint8)), 90)
    later = decode(data)

    told = f"{hashlib.sha256(later.image.pixels).hexdigest()} {later.source}"
    assert fresh.stdout.decode().strip() == told
    assert len(data) > 140_000
    assert len(np.unique(later.image.pixels)) > 100


@pytest.mark.parametrize("name", LARGE)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_was_written_before_does_not_matter(name, data):
    damaged = bytearray(LARGE[name])
    places = st.one_of(st.integers(0, 700), st.integers(0, len(damaged) - 1))
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(places) % len(damaged)] = data.draw(st.integers(0, 255))
    before = ImageFile.MAXBLOCK

    try:
        found = []
        for ImageFile.MAXBLOCK in (65_536, 4_000_000):
            found.append(seen(bytes(damaged)))
    finally:
        ImageFile.MAXBLOCK = before

    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("module", "setting", "value"),
    [
        (ImageFile, "LOAD_TRUNCATED_IMAGES", True),
        (PngImagePlugin, "MAX_TEXT_CHUNK", 1_000),
        (PngImagePlugin, "MAX_TEXT_MEMORY", 1_000),
        (PillowImage, "MAX_IMAGE_PIXELS", 1),
    ],
)
def test_what_other_code_of_the_process_sets_does_not_matter(monkeypatch, module, setting, value):
    png = saved(PHOTO, "PNG", icc_profile=display_p3() + bytes(5_000))
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(3_000_000)))
    pictures = [png, png[: len(png) // 2], with_chunk(png, text), LARGE["JPEG"][:-2], LARGE["JPEG"][:60_000]]
    before = [seen(data) for data in pictures]

    after = []
    for data in pictures:
        monkeypatch.setattr(module, setting, value)
        after.append(seen(data))

    assert after == before
    assert before[1] == "damaged"
    assert before[2][0].is_repaired


def seen(data):
    """Return what `read` makes of bytes; anything but pixels and `ImageError` goes through."""
    try:
        flat, source = read(data, DecodeLimits(max_pixels=1_000_000))
    except ImageError as error:
        return error.reason
    return source, hashlib.sha256(flat.pixels.tobytes()).digest()


@given(st.integers(1, 320), st.integers(1, 220))
@settings(max_examples=40, deadline=None)
def test_a_reduced_picture_has_at_least_what_is_asked_for_and_as_little_as_can_be(width, height):
    shown = decode_reduced(FORMATS["JPEG"], least=(width, height)).image

    scales = [scale for scale in (1, 2, 4, 8) if 300 // scale >= width and 200 // scale >= height] or [1]
    assert (shown.width, shown.height) == (-(-300 // scales[-1]), -(-200 // scales[-1]))


def test_a_reduced_picture_looks_like_the_whole():
    whole = decode(FORMATS["JPEG"]).image.pixels.astype(float)

    quarter = decode_reduced(FORMATS["JPEG"], least=(75, 50)).image.pixels

    averaged = whole.reshape(50, 4, 75, 4, 3).mean(axis=(1, 3))
    assert np.abs(averaged - quarter).mean() < 3


def test_a_reduced_picture_is_upright_and_of_the_colours_meant_and_tells_of_the_whole():
    data = saved(PHOTO, "JPEG", exif=exif_of_endless_resolution(6), icc_profile=display_p3())
    whole = decode(data)

    half = decode_reduced(data, least=(100, 150))

    assert (half.image.width, half.image.height, half.stored.width) == (100, 150, 150)
    assert half.whole_size == whole.whole_size == (200, 300)
    assert half.source == whole.source
    assert (half.is_reduced, whole.is_reduced) == (True, False)
    for small, large in ((half.image, whole.image), (half.stored, whole.stored)):
        averaged = large.pixels.astype(float).reshape(small.height, 2, small.width, 2, 3).mean(axis=(1, 3))
        assert np.abs(averaged - small.pixels).mean() < 3


@pytest.mark.parametrize("least", [(101, 150), (100, 151)])
def test_what_is_asked_for_is_meant_upright(least):
    data = saved(PHOTO, "JPEG", exif=exif_of_endless_resolution(6))

    assert not decode_reduced(data, least=least).is_reduced


@pytest.mark.parametrize("name", ["PNG", "WEBP"])
def test_other_formats_are_not_reduced(name):
    assert read_reduced(FORMATS[name], DecodeLimits(), least=(10, 10)) is None
    assert not decode_reduced(FORMATS[name], least=(10, 10)).is_reduced


@pytest.mark.parametrize("data", [b"", FORMATS["JPEG"][:3_000], b"\xff\xd8\xff" + bytes(90)])
def test_what_cannot_be_reduced_is_refused_as_what_cannot_be_decoded(data):
    with pytest.raises(ImageError):
        decode_reduced(data, least=(10, 10))


def test_limits_hold_for_the_full_size_of_what_is_reduced():
    with pytest.raises(ImageError) as caught:
        decode_reduced(FORMATS["JPEG"], DecodeLimits(max_pixels=59_999), least=(10, 10))

    assert caught.value.reason == "too_many_pixels"
