from dataclasses import replace

import numpy as np
from sklearn.datasets import load_sample_image

from calibration.encoders import ENCODERS
from calibration.image import Image, decode, encode_jpeg, encode_png
from gateway.compression.lossless import same_pixels
from tests.gateway.compression.test_shown_size import job

PHOTO = Image(np.ascontiguousarray(load_sample_image("flower.jpg")[:240, :320]))


def test_a_png_comes_back_from_webp_pixel_by_pixel():
    given = job(PHOTO)

    (found,) = same_pixels(given, ENCODERS)

    assert (found.format, found.quality) == ("webp", None)
    assert len(found.data) < len(given.data)
    assert np.array_equal(decode(found.data).image.pixels, PHOTO.pixels)


def test_a_jpeg_keeps_its_coefficients():
    data = encode_jpeg(PHOTO, 95, progressive=False)
    given = job(PHOTO, data=data)

    found = list(same_pixels(given, ENCODERS))

    assert [each.format for each in found] == ["jpeg"]
    assert len(found[0].data) < len(data)
    assert np.array_equal(decode(found[0].data).image.pixels, decode(data).image.pixels)


def test_sixteen_bits_are_not_called_the_same_at_eight():
    given = job(PHOTO)
    deep = replace(given.decoded, source=replace(given.decoded.source, depth=16))

    assert not list(same_pixels(replace(given, decoded=deep), ENCODERS))


def test_no_format_is_used_that_may_not_be_sent():
    assert not list(same_pixels(job(PHOTO, formats=("png",)), ENCODERS))
    assert not list(same_pixels(job(PHOTO, data=encode_png(PHOTO), formats=("jpeg",)), ENCODERS))
