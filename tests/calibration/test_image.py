import io
import struct
import threading
import time
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage
from skimage.data import astronaut

from calibration.image import (
    Image,
    ImageError,
    center_square,
    decode,
    encode_jpeg,
    encode_png,
    encode_png_fast,
    encode_png_palette,
    encode_webp,
    encode_webp_lossless,
    fit_within,
    load,
    quantize_palette,
    resize,
)
from calibration.image_source import DecodeLimits


def photo(width: int = 24, height: int = 16, seed: int = 0) -> Image:
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(seed).integers(0, 30, (height, width, 3))
    return Image((np.stack([x * 8, y * 9, (x + y) * 4], axis=2) % 220 + noise).astype(np.uint8))


def saved(picture: PillowImage.Image, format_name: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format_name, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header_of(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\x00" * 64))


ENCODED = {
    "png": encode_png(photo()),
    "jpeg": encode_jpeg(photo(), 90),
    "webp": encode_webp(photo(), 80),
    "gif": saved(PillowImage.fromarray(photo().pixels), "GIF"),
}


def test_a_file_that_is_no_picture_is_named(tmp_path):
    (tmp_path / "page.png").write_text("a page")

    with pytest.raises(ImageError, match=r"page\.png: expected PNG") as refused:
        load(tmp_path / "page.png")

    assert refused.value.reason == "unknown_format"


@pytest.mark.parametrize("encode", [encode_png, encode_png_fast, encode_webp_lossless])
def test_lossless_formats_return_every_pixel(encode):
    assert np.array_equal(decode(encode(photo())).image.pixels, photo().pixels)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 100))
@settings(max_examples=40, deadline=None)
def test_lossy_formats_keep_the_size(width: int, height: int, quality: int):
    picture = photo(width, height)

    for data in (encode_jpeg(picture, quality), encode_webp(picture, quality)):
        shown = decode(data).image
        assert (shown.width, shown.height) == (width, height)


def test_more_quality_means_more_fidelity():
    errors = [
        np.mean((decode(encode_jpeg(photo(96, 96), q)).image.pixels.astype(int) - photo(96, 96).pixels) ** 2)
        for q in (5, 30, 60, 95)
    ]

    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("quality", [6, 10, 22, 35, 50, 75, 92, 100])
def test_the_jpeg_quality_of_a_file_is_read_back(quality: int):
    source = decode(encode_jpeg(photo(64, 64), quality)).source

    assert source.jpeg_quality == pytest.approx(quality, abs=2)


def test_full_chroma_keeps_colour_edges_that_half_resolution_blurs():
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    pixels[:, 0::2, 0], pixels[:, 1::2, 2] = 255, 255  # red beside blue

    full, halved = (
        decode(encode_jpeg(Image(pixels), 90, full_chroma=kept)).image.pixels.astype(int)
        for kept in (True, False)
    )

    assert np.abs(full - pixels).mean() < np.abs(halved - pixels).mean() / 4


@pytest.mark.parametrize("quality", [0, 101])
def test_a_jpeg_quality_out_of_range_is_refused(quality: int):
    with pytest.raises(ValueError, match="1-100"):
        encode_jpeg(photo(), quality)


@pytest.mark.parametrize("name", ENCODED)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_truncated_file_decodes_or_is_refused_but_never_crashes(name: str, data: st.DataObject):
    kept = data.draw(st.integers(0, len(ENCODED[name]) - 1))

    decodes_or_refuses(ENCODED[name][:kept])


@pytest.mark.parametrize("name", ENCODED)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_damaged_file_decodes_or_is_refused_but_never_crashes(name: str, data: st.DataObject):
    damaged = bytearray(ENCODED[name])
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))

    decodes_or_refuses(bytes(damaged))


@given(
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x00\x00\x00\x00WEBP", b"GIF89a"]),
    st.binary(max_size=200),
)
@settings(max_examples=150, deadline=None)
def test_random_bytes_are_refused_but_never_crash(signature: bytes, tail: bytes):
    decodes_or_refuses(signature + tail)


def decodes_or_refuses(data: bytes) -> None:
    try:
        decoded = decode(data, DecodeLimits(max_pixels=1_000_000))
    except ImageError as error:
        assert error.reason
        assert str(error)
    else:
        assert decoded.image.width * decoded.image.height <= 1_000_000


@pytest.mark.parametrize("name", ENCODED)
def test_half_a_file_is_not_taken_for_a_whole_one(name: str):
    with pytest.raises(ImageError) as caught:
        decode(ENCODED[name][: len(ENCODED[name]) // 2])

    assert caught.value.reason in {"damaged", "unknown_format"}


def test_a_jpeg_that_goes_over_itself_for_hours_is_refused():
    data = encode_jpeg(photo(64, 64), 90)
    last_scan = data[data.rindex(b"\xff\xda") : -2]

    with pytest.raises(ImageError, match="at most 100 scans"):
        decode(data[:-2] + 1000 * last_scan + data[-2:])


def test_zero_bytes_are_refused():
    with pytest.raises(ImageError) as caught:
        decode(b"")

    assert caught.value.reason == "empty"


def test_a_header_of_20000_by_20000_is_refused_before_any_pixel_is_decoded():
    with pytest.raises(ImageError, match="20000 x 20000") as caught:
        decode(png_header_of(20_000, 20_000))

    assert caught.value.reason == "too_many_pixels"


def test_more_bytes_than_allowed_are_refused():
    with pytest.raises(ImageError) as caught:
        decode(ENCODED["png"], DecodeLimits(max_bytes=100))

    assert caught.value.reason == "too_many_bytes"


def test_another_format_is_refused():
    with pytest.raises(ImageError) as caught:
        decode(saved(PillowImage.fromarray(photo().pixels), "BMP"))

    assert caught.value.reason == "unknown_format"


@pytest.mark.parametrize(("format_name", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {})])
def test_an_animation_shows_its_first_frame_and_is_not_plain(format_name: str, options: dict[str, object]):
    frames = [PillowImage.new("RGB", (12, 10), color) for color in ("red", "green", "blue")]

    decoded = decode(saved(frames[0], format_name, save_all=True, append_images=frames[1:], **options))

    assert decoded.source.frames == 3
    assert not decoded.source.is_plain
    assert decoded.image.pixels[0, 0].tolist() == [255, 0, 0]


def test_an_endless_animation_is_refused():
    frames = [PillowImage.new("L", (2, 2), n) for n in range(12)]

    with pytest.raises(ImageError) as caught:
        decode(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]), DecodeLimits(max_frames=5))

    assert caught.value.reason == "too_many_frames"


def test_cmyk_is_converted_and_is_not_plain():
    cmyk = PillowImage.new("CMYK", (8, 8), (0, 255, 255, 0))

    decoded = decode(saved(cmyk, "JPEG", quality=95))

    red, green, blue = decoded.image.pixels[4, 4]
    assert red > 200
    assert max(green, blue) < 80
    assert decoded.source.is_color_converted
    assert not decoded.source.is_plain


def test_16_bit_grey_keeps_its_tones_and_is_not_plain():
    deep = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)

    decoded = decode(saved(PillowImage.fromarray(deep), "PNG"))

    assert np.array_equal(decoded.image.pixels[..., 0].ravel(), np.arange(256))
    assert decoded.source.is_color_converted


def test_a_palette_with_transparency_is_laid_on_white_and_is_not_plain():
    palette = PillowImage.new("P", (4, 4), 0)
    palette.putpalette([0, 0, 255, 255, 0, 0])
    palette.putpixel((1, 1), 1)

    decoded = decode(saved(palette, "PNG", transparency=0))

    assert decoded.image.pixels[0, 0].tolist() == [255, 255, 255]
    assert decoded.image.pixels[1, 1].tolist() == [255, 0, 0]
    assert decoded.source.has_alpha
    assert not decoded.source.is_plain


def test_alpha_that_hides_nothing_leaves_the_picture_plain():
    opaque = PillowImage.fromarray(photo().pixels).convert("RGBA")

    decoded = decode(saved(opaque, "PNG"))

    assert decoded.source.is_plain
    assert np.array_equal(decoded.image.pixels, photo().pixels)


def test_half_transparent_pixels_are_mixed_with_white():
    decoded = decode(saved(PillowImage.new("RGBA", (3, 3), (0, 0, 0, 128)), "PNG"))

    assert decoded.image.pixels[0, 0, 0] == pytest.approx(127, abs=1)


def test_an_orientation_tag_is_applied_and_told():
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    data = saved(PillowImage.fromarray(photo(24, 16).pixels), "JPEG", exif=exif.tobytes())

    decoded = decode(data)

    assert (decoded.image.width, decoded.image.height) == (16, 24)
    assert (decoded.source.width, decoded.source.height) == (24, 16)
    assert decoded.source.is_rotated


def test_a_grey_picture_has_three_equal_channels():
    pixels = decode(saved(PillowImage.new("L", (5, 5), 77), "JPEG")).image.pixels

    assert pixels.shape == (5, 5, 3)
    assert np.ptp(pixels) <= 2


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_pixels_of_another_kind_are_refused(pixels):
    with pytest.raises(ValueError, match="expected uint8 pixels"):
        Image(pixels)


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 60))
@settings(max_examples=40, deadline=None)
def test_fit_within_keeps_the_longer_side_in_bounds_and_never_enlarges(width: int, height: int, side: int):
    shown = fit_within(photo(width, height), side)

    assert max(shown.width, shown.height) == min(side, max(width, height))


def test_the_central_square_is_cut_from_the_middle():
    wide = Image(np.concatenate([np.full((10, 10, 3), value, np.uint8) for value in (0, 99, 200)], axis=1))

    shown = center_square(wide, 10)

    assert np.all(shown.pixels == 99)


def test_resizing_to_the_same_size_changes_nothing():
    assert resize(photo(), 24, 16) is not None
    assert np.array_equal(resize(photo(), 24, 16).pixels, photo().pixels)


def test_a_quantised_picture_has_no_more_colours_than_asked_for():
    reduced = quantize_palette(photo(64, 64), 8)

    assert len(np.unique(reduced.pixels.reshape(-1, 3), axis=0)) <= 8


@pytest.mark.parametrize("colours", [1, 2, 255, 256])
def test_a_palette_keeps_every_one_of_its_colours(colours: int):
    pixels = np.random.default_rng(0).integers(0, 256, (colours, 3), dtype=np.uint8)
    picture = Image(np.repeat(pixels[None], 16, axis=0))

    data = encode_png_palette(picture)

    assert data is not None
    assert np.array_equal(decode(data).image.pixels, picture.pixels)


def test_more_colours_than_a_palette_holds_get_none():
    ramp = np.arange(257)
    picture = Image(np.stack([ramp % 256, ramp // 256, ramp * 0], axis=1)[None].astype(np.uint8))

    assert encode_png_palette(picture) is None


def test_a_fast_png_is_hardly_larger_than_a_thorough_one():
    picture = Image(astronaut())

    assert len(encode_png_fast(picture)) < 1.25 * len(encode_png(picture))


@pytest.mark.parametrize("progressive", [True, False])
@pytest.mark.parametrize("full_chroma", [True, False])
@pytest.mark.parametrize("quality", [90, 100])
def test_even_pure_noise_is_encoded_as_jpeg(quality: int, full_chroma: bool, progressive: bool):
    noise = Image(np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8))

    data = encode_jpeg(noise, quality, progressive=progressive, full_chroma=full_chroma)

    assert decode(data).image.pixels.shape == (300, 300, 3)


@pytest.mark.parametrize("encode", [encode_png, lambda picture: encode_jpeg(picture, 60)])
def test_no_other_thread_waits_while_a_picture_is_encoded(encode):
    picture = Image(np.tile(astronaut(), (6, 6, 1)))
    turns = [time.perf_counter()]
    thread = threading.Thread(target=encode, args=(picture,))

    thread.start()
    while thread.is_alive():
        time.sleep(0.001)
        turns.append(time.perf_counter())

    waits = np.diff(turns)
    assert waits.max() < waits.sum() / 2  # held up, it would be one long wait
