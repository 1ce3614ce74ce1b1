import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageCms, ImageOps
from skimage.data import astronaut

from calibration.image import decode
from tests.calibration.broken_files import png
from tests.calibration.embedded_profiles import display_p3, swapped_channels

# Larger than a strip, so that every layout is put together from several.
RGB = PillowImage.fromarray(np.tile(astronaut(), (1, 2, 1))[:, :700])
ALPHA = PillowImage.fromarray(np.random.default_rng(0).integers(0, 256, (512, 700), dtype=np.uint8))
LATE_ALPHA = PillowImage.fromarray(
    np.vstack([np.full((500, 700), 255, np.uint8), np.full((12, 700), 90, np.uint8)])
)
PALETTE = RGB.quantize(200)


def with_alpha(picture, alpha):
    picture = picture.convert("RGBA" if picture.mode == "RGB" else "LA")
    picture.putalpha(alpha.convert("L"))
    return picture


def saved(picture, format_name, **options):
    buffer = io.BytesIO()
    picture.save(buffer, format_name, **options)
    return buffer.getvalue()


def whole(data):
    """Bring to sRGB as Pillow does when memory is no matter."""
    upright = ImageOps.exif_transpose(PillowImage.open(io.BytesIO(data)))
    if "transparency" not in upright.info and upright.mode not in {"RGBA", "LA"}:
        return np.asarray(upright.convert("RGB"))
    rgba = upright.convert("RGBA")
    white = PillowImage.new("RGBA", rgba.size, (255, 255, 255, 255))
    return np.asarray(PillowImage.alpha_composite(white, rgba).convert("RGB"))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(saved(RGB, "PNG"), id="rgb"),
        pytest.param(saved(RGB.convert("L"), "PNG"), id="grey"),
        pytest.param(saved(RGB.convert("1"), "PNG"), id="one bit"),
        pytest.param(saved(PALETTE, "PNG"), id="palette"),
        pytest.param(saved(PALETTE, "PNG", transparency=bytes(range(200))), id="palette with alphas"),
        pytest.param(saved(RGB, "PNG", transparency=RGB.getpixel((9, 9))), id="one transparent colour"),
        pytest.param(saved(with_alpha(RGB, ALPHA), "PNG"), id="rgba"),
        pytest.param(saved(with_alpha(RGB, LATE_ALPHA), "PNG"), id="alpha at the end alone"),
        pytest.param(saved(with_alpha(RGB.convert("L"), ALPHA), "PNG"), id="grey and alpha"),
        pytest.param(saved(RGB, "JPEG", quality=80), id="jpeg"),
        pytest.param(saved(RGB, "JPEG", progressive=True, subsampling=0), id="progressive jpeg"),
        pytest.param(saved(RGB.convert("CMYK"), "JPEG"), id="cmyk"),
        pytest.param(saved(RGB, "WEBP", quality=70), id="webp"),
        pytest.param(saved(RGB, "WEBP", lossless=True), id="lossless webp"),
        pytest.param(saved(with_alpha(RGB, ALPHA), "WEBP", quality=70), id="webp with alpha"),
        pytest.param(
            saved(with_alpha(RGB, LATE_ALPHA), "WEBP", lossless=True), id="lossless webp with alpha"
        ),
        pytest.param(saved(RGB, "WEBP", save_all=True, append_images=[PALETTE]), id="animated webp"),
        pytest.param(saved(PALETTE, "GIF", transparency=3), id="gif"),
        pytest.param(saved(RGB, "GIF", save_all=True, append_images=[ALPHA]), id="animated gif"),
    ],
)
def test_every_layout_becomes_the_pixels_that_pillow_shows(data):
    assert np.array_equal(decode(data).image.pixels, whole(data))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_is_turned_upright(format_name, orientation):
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    data = saved(RGB, format_name, exif=exif)

    decoded = decode(data)

    assert np.array_equal(decoded.image.pixels, whole(data))
    assert decoded.source.is_rotated == (orientation != 1)


@pytest.mark.parametrize("format_name", ["PNG", "WEBP"])
def test_another_colour_space_is_converted(format_name):
    data = saved(RGB, format_name, icc_profile=swapped_channels())
    opened = PillowImage.open(io.BytesIO(data))
    profile = ImageCms.ImageCmsProfile(io.BytesIO(swapped_channels()))
    expected = ImageCms.profileToProfile(
        opened.convert("RGB"), profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
    )

    decoded = decode(data)

    assert decoded.source.is_color_converted
    assert np.array_equal(decoded.image.pixels, np.asarray(expected))
    assert not np.array_equal(decoded.image.pixels, np.asarray(opened.convert("RGB")))


def test_sixteen_bits_are_told_and_keep_their_profile():
    deep = np.random.default_rng(0).integers(0, 65_536, (20, 30, 3))

    decoded = decode(png(deep, bits=16, color_type=2))

    assert np.array_equal(decoded.image.pixels, deep >> 8)
    assert decoded.source.depth == 16
    assert decoded.source.is_color_converted
    assert not decoded.source.is_plain


@pytest.mark.parametrize("alpha", [ALPHA, LATE_ALPHA])
def test_a_profile_holds_for_transparent_pictures_too(alpha):
    data = saved(with_alpha(RGB, alpha), "PNG", icc_profile=swapped_channels())

    decoded = decode(data)

    assert decoded.source.has_alpha
    difference = decoded.image.pixels.astype(int) - decoded.stored.pixels[..., [1, 0, 2]]
    assert np.abs(difference).max() <= 2


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("format_name", ["PNG", "WEBP"])
def test_alpha_that_hides_nothing_is_none(mode, format_name):
    opaque = RGB.convert(mode)

    decoded = decode(saved(opaque, format_name, lossless=True))

    assert decoded.source.is_plain
    assert np.array_equal(decoded.image.pixels, np.asarray(opaque.convert("RGB")))


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_turning_and_converting_take_three_more_bytes_a_pixel():
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    data = saved(PillowImage.new("RGB", (3000, 3000)), "JPEG", exif=exif, icc_profile=display_p3())
    Path("/proc/self/clear_refs").write_text("5")
    before_kib = status_kib("VmRSS")

    decoded = decode(data)

    assert decoded.source.is_color_converted
    assert (status_kib("VmHWM") - before_kib) * 1024 < 8.5 * 3000 * 3000


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
@pytest.mark.parametrize(
    ("picture", "format_name"),
    [
        (PillowImage.new("RGB", (3000, 3000), (9, 99, 199)), "PNG"),
        (PillowImage.new("RGBA", (3000, 3000), (9, 99, 199, 9)), "PNG"),
        (PillowImage.fromarray(np.full((3000, 3000), 30_000, np.uint16)), "PNG"),
        (PillowImage.new("P", (3000, 3000), 7), "GIF"),
        (PillowImage.new("CMYK", (3000, 3000), (9, 99, 199, 9)), "JPEG"),
        (PillowImage.new("RGB", (3000, 3000), (9, 99, 199)), "WEBP"),
    ],
)
def test_decoding_takes_no_more_than_eight_bytes_a_pixel(picture, format_name):
    data = saved(picture, format_name)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before_kib = status_kib("VmRSS")

    decode(data)

    assert (status_kib("VmHWM") - before_kib) * 1024 < 8.5 * 3000 * 3000


def status_kib(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))
