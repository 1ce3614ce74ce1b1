from dataclasses import replace

import numpy as np
import pytest

from calibration.channels import read_channels
from calibration.image import decode
from calibration.metadata import Metadata, attach, read_metadata
from gateway.compression.inside_limits import brought_inside
from gateway.providers.sizes import Size
from tests.calibration.broken_files import saved
from tests.calibration.png_files import made
from tests.gateway.compression.test_shown_size import Judge
from tests.gateway.compression.test_shown_size import job as job_of

ROWS, COLUMNS = np.mgrid[0:120, 0:200]
FADING = np.dstack([ROWS, COLUMNS, ROWS + COLUMNS, COLUMNS]).astype(np.uint8)
NOISE = np.random.default_rng(0).integers(0, 256, (120, 200, 4), dtype=np.uint8)
PQ = ((b"cICP", b"\x09\x10\x00\x01"),)


def inside(data, size, *, formats=("jpeg", "webp", "png"), most_bytes=None):
    given = job_of(decode(data).image, data=data, formats=formats)
    given = replace(given, shown=size, most=size, most_bytes=most_bytes)
    return brought_inside(given, Judge(80, lambda difference: difference))


@pytest.mark.parametrize("format_name", ["webp", "png"])
def test_a_transparent_picture_gets_smaller_and_stays_transparent(format_name: str):
    (found,) = inside(saved(FADING, "PNG"), Size(50, 30), formats=(format_name,))

    sent = read_channels(found.data)
    assert (found.format, found.quality, found.size) == (format_name, None, Size(50, 30))
    assert sent.values.shape == (30, 50, 4)
    assert sent.transparency == "alpha"
    expected = FADING[..., 3].reshape(30, 4, 50, 4).mean(axis=(1, 3))
    assert np.abs(sent.values[..., 3] - expected).max() <= 0.5


def test_it_is_judged_as_it_looks_on_white():
    (found,) = inside(saved(FADING, "PNG"), Size(50, 30))

    assert 0.0 < found.probability < 2.0  # here: the mean difference in grey levels


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_what_is_too_heavy_gets_smaller_still(share: float):
    data = saved(NOISE, "PNG")
    most = round(share * len(data))

    (found,) = inside(data, Size(200, 120), most_bytes=most)

    assert len(found.data) <= most
    assert found.size in (Size(100, 60), Size(50, 30))
    assert read_channels(found.data).values.shape[:2] == (found.size.height, found.size.width)


def test_nothing_is_found_where_no_size_is_light_enough():
    assert inside(saved(NOISE, "PNG"), Size(200, 120), most_bytes=60) == []


def test_nothing_is_found_where_neither_format_is_read():
    assert inside(saved(FADING, "PNG"), Size(50, 30), formats=("gif", "jpeg")) == []


def test_a_picture_on_its_side_is_sent_on_its_side_with_its_profile_of_colours():
    data = attach(saved(FADING, "PNG"), Metadata(orientation=6))

    (found,) = inside(data, Size(30, 50))

    assert found.is_complete
    assert read_metadata(found.data).orientation == 6
    assert read_channels(found.data).values.shape[:2] == (30, 50)
    assert (decode(found.data).image.width, decode(found.data).image.height) == (30, 50)


@pytest.mark.parametrize("colour", [0, 2, 6])
def test_an_hdr_picture_stays_one(colour: int):
    data = attach(made(np.random.default_rng(0), colour=colour, bits=16), Metadata(png_colour=PQ))

    (found,) = inside(data, Size(18, 11))

    assert found.format == "png"
    assert read_channels(found.data).values.dtype == np.uint16
    assert read_metadata(found.data).png_colour == PQ


def test_a_clear_colour_becomes_an_alpha_channel():
    data = made(np.random.default_rng(0), colour=2, bits=8, has_clear_pixels=True)

    (found,) = inside(data, Size(18, 11))

    assert read_channels(found.data).transparency == "alpha"


def test_no_pixel_is_sent_that_would_not_be_shown():
    data = saved(FADING, "PNG")
    given = job_of(decode(data).image, data=data, shown=Size(40, 24))

    (found,) = brought_inside(replace(given, most=Size(100, 60)), Judge(80, lambda _: 0.0))

    assert found.size == Size(40, 24)
