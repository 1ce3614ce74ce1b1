import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from calibration.channels import (
    Channels,
    gif_as_png,
    read_channels,
    reads_alike,
    shrink,
    write_png,
    write_webp,
)
from calibration.image_source import DecodeLimits, ImageError
from tests.calibration.broken_files import saved
from tests.calibration.png_files import KINDS, made, png_of, samples_of

RNG = np.random.default_rng(0)
RGBA = RNG.integers(0, 256, (12, 17, 4), dtype=np.uint8)


def gif(*, transparency=None):
    picture = PillowImage.fromarray(RNG.integers(0, 8, (12, 17), dtype=np.uint8), "P")
    picture.putpalette(RNG.integers(0, 256, 24, dtype=np.uint8).tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "GIF", **({} if transparency is None else {"transparency": transparency}))
    return buffer.getvalue()


@pytest.mark.parametrize("format_name", ["PNG", "WEBP"])
def test_colours_under_full_transparency_are_read(format_name: str):
    values = RGBA.copy()
    values[:6, :, 3] = 0

    read = read_channels(saved(values, format_name, lossless=True, exact=True))

    assert read.transparency == "alpha"
    assert np.array_equal(read.values, values)


@pytest.mark.parametrize(("colour", "bits"), [each for each in KINDS if each[0] in (0, 2) and each[1] <= 8])
def test_a_clear_colour_is_found_in_the_depth_of_the_file(colour: int, bits: int):
    rng = np.random.default_rng(bits)
    samples = samples_of(rng, bits=bits, colour=colour)
    clear = samples[5, 7].astype(">u2").tobytes()

    read = read_channels(png_of(samples, bits=bits, colour=colour, transparency=clear))

    assert read.transparency == "other"
    assert np.array_equal(read.values[..., 3] == 0, (samples == samples[5, 7]).all(axis=2))
    scale = 255 // ((1 << bits) - 1)
    assert np.array_equal(read.values[..., :3], np.broadcast_to(samples * scale, (*samples.shape[:2], 3)))


@pytest.mark.parametrize(("colour", "name"), [(2, ""), (6, "alpha"), (4, "alpha")])
def test_sixteen_bits_stay_sixteen(colour: int, name: str):
    samples = samples_of(RNG, bits=16, colour=colour)

    read = read_channels(png_of(samples, bits=16, colour=colour))

    expected = samples[..., [0, 0, 0, 1]] if colour == 4 else samples
    assert (read.values.dtype, read.transparency) == (np.uint16, name)
    assert np.array_equal(read.values, expected)


def test_sixteen_bit_grey_has_one_channel_and_with_a_clear_grey_four():
    samples = samples_of(RNG, bits=16, colour=0)
    clear = samples[5, 7].astype(">u2").tobytes()

    plain = read_channels(png_of(samples, bits=16, colour=0))
    keyed = read_channels(png_of(samples, bits=16, colour=0, transparency=clear))

    assert np.array_equal(plain.values, samples)
    assert keyed.transparency == "other"
    assert np.array_equal(keyed.values[..., :3], np.repeat(samples, 3, axis=2))
    assert np.array_equal(keyed.values[..., 3], 65_535 * (samples != samples[5, 7])[..., 0])


def test_inks_are_read_as_they_are():
    buffer = io.BytesIO()
    PillowImage.fromarray(RGBA, "CMYK").save(buffer, "JPEG", quality=100)

    read = read_channels(buffer.getvalue())

    assert read.has_inks
    assert read.values.shape == (12, 17, 4)


def test_a_palette_and_an_alpha_channel_of_the_same_values_do_not_read_alike():
    palette = gif_as_png(gif(transparency=3))
    values = read_channels(palette).values

    assert not reads_alike(palette, write_png(Channels(values, "alpha")))
    assert reads_alike(palette, palette)


def test_one_value_that_differs_under_full_transparency_is_a_difference():
    clear = RGBA.copy()
    clear[..., 3] = 0
    other = clear.copy()
    other[3, 4, 1] ^= 1

    assert not reads_alike(saved(clear, "PNG"), saved(other, "PNG"))


def test_sixteen_bits_do_not_read_like_eight():
    deep = png_of(RGBA[..., :3].astype(int) * 257, bits=16, colour=2)

    assert not reads_alike(deep, saved(RGBA[..., :3].copy(), "PNG"))


@pytest.mark.parametrize("transparency", [None, 3])
def test_a_gif_becomes_a_png_that_reads_alike(transparency: int | None):
    data = gif(transparency=transparency)

    assert reads_alike(data, gif_as_png(data))


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_png_holds_what_is_written(dtype: type, channels: int):
    values = RNG.integers(0, np.iinfo(dtype).max, (9, 8, channels)).astype(dtype)

    read = read_channels(write_png(Channels(values, "alpha" if channels == 4 else "")))

    assert read.values.dtype == dtype
    assert np.array_equal(read.values, values)


@given(
    values=st.integers(0, 2**32 - 1).map(np.random.default_rng),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    levels=st.sampled_from([2, 5, 256]),
    clear=st.sampled_from([0.0, 0.3, 1.0]),
)
@settings(max_examples=60, deadline=None)
def test_webp_with_alpha_is_read_the_same_by_pillow_and_opencv(values, width, height, levels, clear):
    picture = (values.integers(0, levels, (height, width, 4)) * (255 // (levels - 1))).astype(np.uint8)
    picture[..., 3][values.random((height, width)) < clear] = 0
    picture[0, 0, 3] = 0  # an opaque picture has no alpha channel once it is a WebP

    data = write_webp(Channels(picture, "alpha"))

    opened = PillowImage.open(io.BytesIO(data))
    assert opened.mode == "RGBA"
    assert np.array_equal(np.asarray(opened), picture)
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA), picture)


@pytest.mark.parametrize("background", [0, 90, 255])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_smaller_picture_laid_on_a_colour_is_the_picture_laid_on_it_made_smaller(
    dtype: type, background: int
):
    most = np.iinfo(dtype).max
    values = RNG.integers(0, most + 1, (40, 60, 4)).astype(dtype)
    values[:20, :, 3] = 0
    values[20:, 30:, 3] = most

    small = shrink(Channels(values, "alpha"), 20, 10)

    def laid(picture):
        alpha = picture[..., 3:] / most
        return picture[..., :3] * alpha + background / 255 * most * (1 - alpha)

    expected = laid(values).reshape(10, 4, 20, 3, 3).mean(axis=(1, 3))
    assert small.values.dtype == dtype
    assert np.abs(laid(small.values) - expected).max() <= 1.01


def test_colours_of_clear_pixels_do_not_bleed_into_edges():
    values = np.zeros((2, 2, 4), np.uint8)
    values[:, 0] = (200, 10, 10, 255)
    values[:, 1] = (0, 255, 0, 0)

    assert shrink(Channels(values, "alpha"), 1, 1).values.tolist() == [[[200, 10, 10, 128]]]


def test_where_all_is_clear_the_colours_beneath_are_averaged():
    values = np.array([[[10, 20, 30, 0], [30, 40, 50, 0]]], np.uint8)

    assert shrink(Channels(values, "alpha"), 1, 1).values.tolist() == [[[20, 30, 40, 0]]]


def test_a_transparent_palette_becomes_an_alpha_channel_when_it_is_made_smaller():
    data = made(np.random.default_rng(0), colour=3, bits=4, has_clear_pixels=True)

    assert shrink(read_channels(data), 10, 5).transparency == "alpha"


@pytest.mark.parametrize("data", [saved(RGBA, "PNG")[:60], saved(RGBA, "WEBP")[:60], b"", b"GIF89a"])
def test_damaged_bytes_are_no_picture(data: bytes):
    with pytest.raises(ImageError):
        read_channels(data)


def test_limits_hold():
    with pytest.raises(ImageError, match="pixels"):
        read_channels(saved(RGBA, "PNG"), DecodeLimits(max_pixels=12 * 17 - 1))
