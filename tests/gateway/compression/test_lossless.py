import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage
from sklearn.datasets import load_sample_image

from calibration.channels import reads_alike
from calibration.containers import container_of
from calibration.encoders import ENCODERS
from calibration.image import Image, decode, encode_jpeg, encode_png
from calibration.metadata import Metadata, attach, read_metadata
from gateway.compression.job import Candidate
from gateway.compression.lossless import same_pixels
from tests.calibration.broken_files import arithmetic_jpeg, saved
from tests.calibration.embedded_profiles import display_p3
from tests.calibration.png_files import KINDS, made
from tests.gateway.compression.test_shown_size import job as job_of

# What Pillow says to whoever drops the opacities of a palette, as back ends do.
pytestmark = pytest.mark.filterwarnings("ignore:Palette images with Transparency")
ALL = ("jpeg", "webp", "png", "gif")
PHOTO = Image(np.ascontiguousarray(load_sample_image("flower.jpg")[:240, :320]))
SLOPE = np.linspace(0, 255, 320).astype(np.uint8)
FADING = np.dstack([PHOTO.pixels, np.broadcast_to(SLOPE, (240, 320))])
LINEAR = ((b"gAMA", (100_000).to_bytes(4, "big")),)
PQ = ((b"cICP", b"\x09\x10\x00\x01"),)


def job(data: bytes, formats=ALL):
    return job_of(decode(data).image, data=data, formats=formats)


def forms(data: bytes, formats=ALL) -> list[Candidate]:
    return list(same_pixels(job(data, formats), ENCODERS))


def best(data: bytes, formats=ALL) -> Candidate:
    return forms(data, formats)[0]


def as_pillow_shows(data: bytes):
    """Return what back ends make of a file: whether it has an alpha channel, its colours, and with alpha."""
    opened = PillowImage.open(io.BytesIO(data))
    shown = opened.mode == "RGBA", opened.convert("RGB").tobytes(), opened.convert("RGBA").tobytes()
    return (*shown, opened.size)


def as_opencv_shows(data: bytes):
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    return cv2.imdecode(np.frombuffer(data, np.uint8), flags)


def gif(*, transparency: int | None = None) -> bytes:
    picture = PillowImage.fromarray(PHOTO.pixels).quantize(64)
    buffer = io.BytesIO()
    picture.save(buffer, "GIF", **({} if transparency is None else {"transparency": transparency}))
    return buffer.getvalue()


def test_a_png_comes_back_from_webp_pixel_by_pixel():
    data = encode_png(PHOTO)

    found = best(data)

    assert (found.format, found.quality) == ("webp", None)
    assert len(found.data) < 0.85 * len(data)
    assert np.array_equal(decode(found.data).image.pixels, PHOTO.pixels)


def test_a_jpeg_keeps_its_coefficients():
    data = encode_jpeg(PHOTO, 95, progressive=False)

    found = forms(data)

    assert [each.format for each in found] == ["jpeg"]
    assert len(found[0].data) < len(data)
    assert np.array_equal(decode(found[0].data).image.pixels, decode(data).image.pixels)


def test_an_alpha_channel_comes_back_from_webp_with_the_colours_beneath():
    values = FADING.copy()
    values[60:120, :, 3] = 0
    data = saved(values, "PNG")

    found = best(data)

    assert found.format == "webp"
    assert len(found.data) < 0.85 * len(data)
    assert as_pillow_shows(found.data) == as_pillow_shows(data)
    assert np.array_equal(as_opencv_shows(found.data), as_opencv_shows(data))


def test_without_webp_an_alpha_channel_stays_in_a_png():
    data = saved(FADING, "PNG", compress_level=1)

    found = best(data, ("png", "jpeg"))

    assert found.format == "png"
    assert len(found.data) < len(data)
    assert as_pillow_shows(found.data) == as_pillow_shows(data)


@pytest.mark.parametrize(("colour", "bits"), [each for each in KINDS if each[0] in (0, 2, 3, 4)])
def test_transparency_that_is_no_alpha_channel_never_becomes_one(colour: int, bits: int):
    data = made(np.random.default_rng(bits), colour=colour, bits=bits, has_clear_pixels=colour != 4)

    found = forms(data)

    assert {each.format for each in found} == {"png"}
    assert as_pillow_shows(found[0].data) == as_pillow_shows(data)
    assert np.array_equal(as_opencv_shows(found[0].data), as_opencv_shows(data))


def test_a_transparent_gif_becomes_a_png_of_the_same_palette():
    data = gif(transparency=7)

    found = best(data)

    assert found.format == "png"
    assert len(found.data) < len(data)
    assert as_pillow_shows(found.data) == as_pillow_shows(data)


def test_an_opaque_gif_becomes_webp_or_a_png_where_webp_is_not_read():
    data = gif()

    assert best(data).format == "webp"
    assert best(data, ("png", "jpeg")).format == "png"
    assert as_pillow_shows(best(data, ("png",)).data) == as_pillow_shows(data)


def test_a_lossy_webp_with_alpha_loses_its_metadata_alone():
    exif = PillowImage.Exif()
    exif[0x010F] = "a camera" * 50
    data = saved(FADING, "WEBP", quality=80, exif=exif)

    (found,) = forms(data)

    assert found.format == "webp"
    assert len(found.data) < len(data) - 400
    assert np.array_equal(as_opencv_shows(found.data), as_opencv_shows(data))


def test_a_jpeg_that_mozjpeg_cannot_read_loses_its_metadata_alone():
    plain = arithmetic_jpeg(64)
    data = plain[:2] + b"\xff\xfe\x00\xff" + bytes(253) + plain[2:]

    (found,) = forms(data)

    assert found.data == plain


@pytest.mark.parametrize("colour", [0, 2, 6])
def test_sixteen_bits_stay_sixteen(colour: int):
    data = made(np.random.default_rng(0), colour=colour, bits=16)

    found = forms(data)

    assert {each.format for each in found} == {"png"}
    assert as_opencv_shows(found[0].data).dtype == np.uint16
    assert np.array_equal(as_opencv_shows(found[0].data), as_opencv_shows(data))


@pytest.mark.parametrize("chunks", [LINEAR, PQ])
@pytest.mark.parametrize("values", [PHOTO.pixels, FADING])
def test_chunks_of_colour_that_only_png_knows_keep_a_picture_in_one(values, chunks):
    data = attach(saved(values, "PNG", compress_level=1), Metadata(png_colour=chunks))

    found = best(data)

    assert found.format == "png"
    assert read_metadata(found.data).png_colour == chunks
    assert np.array_equal(as_opencv_shows(found.data), as_opencv_shows(data))


@pytest.mark.parametrize("formats", [ALL, ("png",)])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_orientation_and_profile_travel_with_transparent_pictures(orientation: int, formats):
    metadata = Metadata(orientation, display_p3())
    data = attach(saved(FADING, "PNG", compress_level=1), metadata)

    found = best(data, formats)

    assert len(found.data) < len(data)
    assert read_metadata(found.data) == metadata
    assert np.array_equal(as_opencv_shows(found.data), as_opencv_shows(data))
    assert np.array_equal(decode(found.data).image.pixels, decode(data).image.pixels)


def test_only_smaller_forms_are_offered():
    noise = np.random.default_rng(0).integers(0, 256, (30, 40, 4), dtype=np.uint8)

    assert not forms(saved(noise, "PNG"))


def test_no_format_is_used_that_may_not_be_sent():
    assert {each.format for each in forms(saved(FADING, "PNG", compress_level=1), ("png",))} == {"png"}
    assert not forms(saved(FADING, "PNG"), ("jpeg",))
    assert not forms(encode_jpeg(PHOTO, 95), ("png", "webp"))


@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(KINDS),
    is_=st.fixed_dictionaries({"transparent": st.booleans(), "interlaced": st.booleans()}),
    orientation=st.integers(1, 8),
    formats=st.sets(st.sampled_from(ALL), min_size=1),
)
@settings(max_examples=150, deadline=None)
def test_whatever_comes_out_is_read_the_same_by_pillow_and_by_opencv(seed, kind, is_, orientation, formats):
    rng = np.random.default_rng(seed)
    colour, bits = kind
    has_clear_pixels = is_["transparent"] and colour in (0, 2, 3)
    data = made(
        rng, colour=colour, bits=bits, has_clear_pixels=has_clear_pixels, interlaced=is_["interlaced"]
    )
    data = attach(data, Metadata(orientation))

    for found in forms(data, formats):
        assert found.format in formats
        assert container_of(found.data) == found.format
        assert len(found.data) < len(data)
        assert read_metadata(found.data).orientation == orientation
        is_clear = decode(data).source.has_alpha
        assert as_pillow_shows(found.data)[1:] == as_pillow_shows(data)[1:]
        assert as_pillow_shows(found.data)[0] == as_pillow_shows(data)[0] or not is_clear
        assert not is_clear or reads_alike(found.data, data)
        assert np.array_equal(colours_by_opencv(found.data), colours_by_opencv(data))


def colours_by_opencv(data: bytes):
    """Return three channels in the depth of the file."""
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
    return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
