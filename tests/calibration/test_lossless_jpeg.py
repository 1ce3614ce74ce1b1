import io

import numpy as np
import pytest
from PIL import Image as PillowImage
from skimage.data import astronaut

from calibration.containers import join_jpeg, jpeg_file
from calibration.image import decode
from calibration.lossless_jpeg import transcode
from calibration.metadata import left_behind, read_metadata
from tests.calibration.broken_files import arithmetic_jpeg, jpeg_of_a_huge_coefficient, saved
from tests.calibration.embedded_profiles import display_p3

PIXELS = astronaut()[:240, :320]
PHOTO = saved(PIXELS, "JPEG", quality=92)


def with_metadata():
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a camera"
    return saved(PIXELS, "JPEG", quality=92, exif=exif, icc_profile=display_p3(), comment=b"a comment")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PHOTO, id="baseline"),
        pytest.param(saved(PIXELS, "JPEG", quality=40), id="coarse"),
        pytest.param(saved(PIXELS, "JPEG", quality=95, subsampling=0), id="full chroma"),
        pytest.param(saved(PIXELS[..., 0], "JPEG", quality=90), id="grey"),
        pytest.param(saved(PIXELS, "JPEG", quality=90, restart_marker_blocks=7), id="restart markers"),
        pytest.param(saved(PIXELS, "JPEG", quality=90, keep_rgb=True), id="rgb"),
        pytest.param(with_metadata(), id="turned, P3"),
    ],
)
def test_fewer_bytes_hold_the_same_pixels(data):
    smaller = transcode(data)

    assert len(smaller) < len(data)
    assert np.array_equal(decode(smaller).image.pixels, decode(data).image.pixels)
    assert np.array_equal(decode(smaller).stored.pixels, decode(data).stored.pixels)


def test_orientation_and_profile_stay_and_the_rest_goes():
    smaller = transcode(with_metadata())

    assert read_metadata(smaller) == read_metadata(with_metadata())
    assert left_behind(smaller) == ()


def test_what_is_at_hand_need_not_be_decoded_again():
    assert transcode(PHOTO, stored=decode(PHOTO).stored) == transcode(PHOTO)


def test_other_pixels_than_those_at_hand_are_no_result():
    assert transcode(PHOTO, stored=decode(saved(PIXELS, "JPEG", quality=91)).stored) is None


def test_what_is_as_small_as_can_be_is_left():
    assert transcode(transcode(PHOTO)) is None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(saved(PIXELS, "PNG"), id="png"),
        pytest.param(PHOTO[: len(PHOTO) // 2], id="half"),
        pytest.param(PHOTO[:-2], id="no end"),
        pytest.param(arithmetic_jpeg(64), id="arithmetic"),
        pytest.param(PHOTO.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c"), id="twelve bits"),
        pytest.param(PHOTO.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc3\0\x11\x08"), id="lossless"),
        pytest.param(jpeg_of_a_huge_coefficient(), id="what ends mozjpeg's process"),
        pytest.param(saved(PIXELS, "WEBP"), id="webp"),
    ],
)
def test_what_cannot_be_done_gives_nothing(data):
    assert transcode(data) is None


def test_a_file_without_its_end_is_not_mended():
    assert transcode(PHOTO[:-2], stored=decode(PHOTO).stored) is None


@pytest.mark.parametrize("says", ["adobe", "nothing"])
def test_inks_stay_as_they_are_with_all_that_says_what_they_mean(says: str):
    rng = np.random.default_rng(0)
    inks = np.kron(rng.integers(0, 256, (30, 40, 4)), np.ones((8, 8, 1))).astype(np.uint8)
    profile = bytes(16) + b"CMYK" + bytes(400)  # of inks: nobody here renders through it
    buffer = io.BytesIO()
    PillowImage.fromarray(inks, "CMYK").save(buffer, "JPEG", quality=92, icc_profile=profile)
    data = buffer.getvalue() if says == "adobe" else without_adobe(buffer.getvalue())

    smaller = transcode(data)

    assert len(smaller) < len(data)
    assert np.array_equal(inks_of(smaller), inks_of(data))
    assert adobe(smaller) == adobe(data)
    assert len(adobe(smaller)) == (1 if says == "adobe" else 0)
    assert read_metadata(smaller).profile == profile


def inks_of(data):
    opened = PillowImage.open(io.BytesIO(data))
    assert opened.mode == "CMYK"
    return np.asarray(opened)


def adobe(data):
    return [part for part in jpeg_file(data).segments if part.marker == 0xEE]


def without_adobe(data):
    file = jpeg_file(data)
    return join_jpeg([part for part in file.segments if part.marker != 0xEE], file.scans)
