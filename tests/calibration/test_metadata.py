import io
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage
from PIL import ImageCms, ImageOps

from calibration.containers import Part, join_png, png_chunks
from calibration.image import Image, decode, encode_jpeg, encode_png, encode_webp, encode_webp_lossless
from calibration.metadata import Metadata, attach, read_metadata
from tests.calibration.embedded_profiles import SRGB, display_p3, linear_grey, swapped_channels

SMOOTH = Image(
    np.stack([*np.mgrid[0:160:4, 0:240:4].astype(np.uint8), np.full((40, 60), 90, np.uint8)], axis=2)
)
PROFILES = {"sRGB": SRGB, "P3": display_p3(), "swapped": swapped_channels()}
ENCODERS = {
    "JPEG": lambda image: encode_jpeg(image, 98, full_chroma=True),
    "PNG": encode_png,
    "WEBP": lambda image: encode_webp(image, 98),
    "lossless WEBP": encode_webp_lossless,
}
GAMMA_1 = (b"gAMA", struct.pack(">I", 100_000))
SRGB_CODE_POINTS = (b"cICP", b"\x01\x0d\0\x01")
SRGB_CHUNKS = (
    (b"gAMA", struct.pack(">I", 45_455)),
    (b"cHRM", struct.pack(">8I", 31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)),
)


def saved(image, format_name, **options):
    buffer = io.BytesIO()
    PillowImage.fromarray(image.pixels).save(buffer, format_name, **options)
    return buffer.getvalue()


def source(format_name, orientation, profile):
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a camera"
    options = {"quality": 98, "subsampling": 0} if format_name == "JPEG" else {"lossless": True}
    return saved(SMOOTH, format_name, exif=exif, icc_profile=profile, **options)


def seen_by_pillow(data):
    """Show as a viewer does that honours everything."""
    upright = ImageOps.exif_transpose(PillowImage.open(io.BytesIO(data)))
    profile = upright.info.get("icc_profile")
    if profile is None:
        return np.asarray(upright.convert("RGB"))
    embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return np.asarray(
        ImageCms.profileToProfile(upright.convert("RGB"), embedded, ImageCms.createProfile("sRGB"))
    )


def seen_by_opencv(data):
    """Show as OpenCV does: turned, its profile ignored."""
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("target", ENCODERS)
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_a_re_encode_is_shown_as_its_source_is(format_name, target, profile, orientation):
    original = source(format_name, orientation, PROFILES[profile])

    decoded = decode(original)
    sent = attach(ENCODERS[target](decoded.stored), read_metadata(original))

    for see in (seen_by_pillow, seen_by_opencv, lambda data: decode(data).image.pixels):
        was, is_now = see(original).astype(int), see(sent).astype(int)
        assert was.shape == is_now.shape
        assert np.abs(was - is_now).mean() < 2
    assert decode(sent).source.orientation == orientation


@pytest.mark.parametrize("exif_orientation", [None, 0, 9])
@pytest.mark.parametrize("xmp_orientation", [b"6", b"9"])
@pytest.mark.parametrize("target", ENCODERS)
@pytest.mark.parametrize("format_name", ["JPEG", "WEBP"])
def test_turned_by_xmp_or_by_nothing_valid_it_is_shown_as_its_source_is(
    format_name, target, xmp_orientation, exif_orientation
):
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="' + xmp_orientation + b'"/></x:xmpmeta>'
    exif = PillowImage.Exif()
    if exif_orientation is not None:
        exif[0x0112] = exif_orientation
    original = saved(SMOOTH, format_name, quality=98, exif=exif, xmp=xmp)

    decoded = decode(original)
    sent = attach(ENCODERS[target](decoded.stored), read_metadata(original))

    for see in (seen_by_pillow, seen_by_opencv, lambda data: decode(data).image.pixels):
        was, is_now = see(original).astype(int), see(sent).astype(int)
        assert was.shape == is_now.shape
        assert np.abs(was - is_now).mean() < 2.5
    is_turned = xmp_orientation == b"6" and exif_orientation is None
    assert decode(sent).source.orientation == (6 if is_turned else 1)
    assert seen_by_opencv(sent).shape == SMOOTH.pixels.shape


@pytest.mark.parametrize("target", ENCODERS)
def test_attaching_leaves_the_pixels_as_they_were(target):
    encoded = ENCODERS[target](SMOOTH)

    sent = attach(encoded, Metadata(orientation=6, profile=display_p3()))

    assert np.array_equal(decode(sent).stored.pixels, decode(encoded).image.pixels)
    assert read_metadata(sent) == Metadata(orientation=6, profile=display_p3())


@pytest.mark.parametrize("target", ENCODERS)
def test_nothing_to_attach_changes_no_byte(target):
    encoded = ENCODERS[target](SMOOTH)

    assert attach(encoded, Metadata()) == encoded


def test_a_profile_that_does_nothing_need_not_travel():
    assert read_metadata(source("JPEG", 1, SRGB)) == Metadata()


def test_a_profile_named_srgb_that_does_something_travels():
    assert read_metadata(source("PNG", 1, swapped_channels())).profile == swapped_channels()


@pytest.mark.parametrize("target", ["JPEG", "PNG"])
def test_a_profile_of_many_segments_arrives_whole(target):
    profile = display_p3() + np.random.default_rng(0).bytes(200_000)

    sent = attach(ENCODERS[target](SMOOTH), Metadata(profile=profile))

    assert PillowImage.open(io.BytesIO(sent)).info["icc_profile"] == profile
    assert read_metadata(sent).profile == profile


def test_webp_with_alpha_keeps_it():
    rgba = PillowImage.fromarray(SMOOTH.pixels).convert("RGBA")
    rgba.putalpha(77)
    buffer = io.BytesIO()
    rgba.save(buffer, "WEBP", lossless=True)

    sent = PillowImage.open(io.BytesIO(attach(buffer.getvalue(), Metadata(profile=display_p3()))))

    assert sent.mode == "RGBA"
    assert sent.getchannel("A").getextrema() == (77, 77)


@pytest.mark.parametrize("target", ["JPEG", "WEBP", "lossless WEBP"])
def test_what_only_png_can_say_of_colours_is_not_put_elsewhere(target):
    with pytest.raises(ValueError, match="only PNG"):
        attach(ENCODERS[target](SMOOTH), Metadata(png_colour=(GAMMA_1,)))
    with pytest.raises(ValueError, match="only PNG"):
        attach(ENCODERS[target](SMOOTH), Metadata(png_colour=((b"cICP", b"\x0c\x0d\0\x01"),)))


@pytest.mark.parametrize("target", ["JPEG", "WEBP", "lossless WEBP"])
@pytest.mark.parametrize(
    "contradicted",
    [
        pytest.param(Metadata(profile=display_p3(), png_colour=(SRGB_CODE_POINTS,)), id="profile"),
        pytest.param(Metadata(png_colour=(SRGB_CODE_POINTS, GAMMA_1)), id="gamma"),
    ],
)
def test_what_readers_of_cicp_see_otherwise_than_others_is_put_nowhere_else(target, contradicted):
    with pytest.raises(ValueError, match="only PNG"):
        attach(ENCODERS[target](SMOOTH), contradicted)


@pytest.mark.parametrize("target", ENCODERS)
def test_chunks_that_say_srgb_go_into_every_format(target):
    sent = attach(ENCODERS[target](SMOOTH), Metadata(png_colour=SRGB_CHUNKS))

    assert read_metadata(sent).png_colour == (SRGB_CHUNKS if target == "PNG" else ())


def test_colour_chunks_travel_from_png_to_png_in_front_of_the_pixels():
    first, *others = png_chunks(encode_png(SMOOTH))
    original = join_png([first, Part(*GAMMA_1), *others])

    sent = attach(encode_png(decode(original).stored), read_metadata(original))

    kinds = [part.kind for part in png_chunks(sent)]
    assert kinds.index(b"gAMA") < kinds.index(b"IDAT")
    assert read_metadata(sent).png_colour == (GAMMA_1,)


@pytest.mark.parametrize("target", ENCODERS)
def test_a_profile_of_other_pixels_is_refused(target):
    with pytest.raises(ValueError, match="profile of rgb pixels"):
        attach(ENCODERS[target](SMOOTH), Metadata(profile=linear_grey()))


@pytest.mark.parametrize("target", ENCODERS)
@pytest.mark.parametrize("format_name", ["JPEG", "PNG"])
def test_an_rgb_profile_of_a_grey_picture_is_not_put_on_colours(format_name, target):
    grey = io.BytesIO()
    PillowImage.fromarray(SMOOTH.pixels[..., 0]).save(grey, format_name, icc_profile=display_p3())

    with pytest.raises(ValueError, match="grey pixels"):
        attach(ENCODERS[target](SMOOTH), read_metadata(grey.getvalue()))


def test_a_grey_jpeg_holds_a_grey_profile():
    buffer = io.BytesIO()
    PillowImage.fromarray(SMOOTH.pixels[..., 0]).save(buffer, "JPEG")

    sent = attach(buffer.getvalue(), Metadata(profile=linear_grey()))

    assert read_metadata(sent).profile == linear_grey()
    assert decode(sent).source.is_color_converted


def test_metadata_is_not_put_beside_metadata():
    with pytest.raises(ValueError, match="without metadata"):
        attach(source("JPEG", 6, SRGB), Metadata(orientation=3))


def test_other_formats_hold_nothing():
    with pytest.raises(ValueError, match="JPEG, PNG or WebP"):
        attach(saved(SMOOTH, "GIF"), Metadata(orientation=3))


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
@given(changes=st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 255)), min_size=1, max_size=6))
@settings(max_examples=80, deadline=None)
def test_damaged_files_are_read_without_an_error(format_name, changes):
    damaged = bytearray(source(format_name, 6, display_p3()))
    for place, value in changes:
        damaged[place % len(damaged)] = value

    assert read_metadata(bytes(damaged)).orientation in range(1, 9)


@given(st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"]), st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_random_bytes_are_read_without_an_error(signature, tail):
    assert read_metadata(signature + tail).orientation in range(1, 9)


@given(st.sampled_from(sorted(ENCODERS)), st.data())
@settings(max_examples=60, deadline=None)
def test_attaching_to_damaged_bytes_is_done_or_refused(target, data):
    damaged = bytearray(ENCODERS[target](SMOOTH))
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=5)):
        damaged[place % len(damaged)] = value

    try:
        sent = attach(bytes(damaged), Metadata(orientation=5, profile=display_p3()))
    except ValueError as error:
        assert str(error).startswith(("expected", "a JPEG"))
    else:
        assert len(sent) > len(damaged) // 2
