import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage
from PIL import ImageCms

from calibration.colour_profile import convert_to_srgb, is_srgb, profile_space, transfer_is_hdr
from calibration.image import decode
from tests.calibration.broken_files import saved
from tests.calibration.embedded_profiles import (
    SRGB,
    display_p3,
    linear_grey,
    swapped_channels,
    with_cicp,
    with_table,
)

COLOURS = np.random.default_rng(0).integers(0, 256, (600, 700, 3), dtype=np.uint8)


def test_a_profile_that_does_nothing_is_srgb_whatever_its_name():
    renamed = SRGB.replace("sRGB".encode("utf-16-be"), "wRGB".encode("utf-16-be"))

    assert is_srgb(SRGB)
    assert renamed != SRGB
    assert is_srgb(renamed)


@pytest.mark.parametrize("profile", [display_p3(), swapped_channels(), linear_grey()])
def test_a_profile_that_shifts_colours_is_not_srgb_whatever_its_name(profile):
    assert not is_srgb(profile)


def test_a_profile_that_shifts_colours_for_one_intent_alone_is_not_srgb():
    profile = with_table(intent=1)
    embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    white = PillowImage.new("RGB", (1, 1), "white")

    shown = [
        ImageCms.profileToProfile(white, embedded, ImageCms.createProfile("sRGB"), intent).getpixel((0, 0))
        for intent in (ImageCms.Intent.PERCEPTUAL, ImageCms.Intent.RELATIVE_COLORIMETRIC)
    ]

    assert shown == [(255, 255, 255), (0, 0, 0)]
    assert not is_srgb(profile)


def test_a_large_profile_is_judged_too():
    assert is_srgb(SRGB + bytes(100_000))


def test_swapped_channels_are_swapped_back():
    pixels = COLOURS.copy()

    assert convert_to_srgb(pixels, swapped_channels(), is_grey=False)

    assert np.abs(pixels.astype(int) - COLOURS[..., [1, 0, 2]]).max() <= 2


def test_light_is_curved_in_a_linear_grey_picture():
    pixels = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)

    assert convert_to_srgb(pixels, linear_grey(), is_grey=True)

    light = np.arange(256) / 255
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(pixels[0, :, 1] - expected).max() <= 1.5


def test_a_grey_picture_with_a_linear_profile_is_shown_as_it_looks():
    data = saved(np.full((8, 8), 55, np.uint8), "PNG", icc_profile=linear_grey())

    decoded = decode(data)

    assert decoded.source.is_color_converted
    assert decoded.image.pixels[0, 0, 0] == pytest.approx(128, abs=3)
    assert decoded.stored.pixels[0, 0, 0] == 55


@pytest.mark.parametrize("profile", [b"", b"no profile", linear_grey(), SRGB[:200], bytes(500)])
def test_pixels_stay_as_they_are_where_a_profile_cannot_be_used(profile):
    pixels = COLOURS.copy()

    assert not convert_to_srgb(pixels, profile, is_grey=False)

    assert np.array_equal(pixels, COLOURS)
    assert not is_srgb(profile)


def test_the_space_is_told():
    inks = bytes(16) + b"CMYK"

    found = [profile_space(each) for each in (SRGB, linear_grey(), inks, b"")]

    assert found == ["rgb", "grey", "inks", "other"]


@pytest.mark.parametrize(("transfer", "expected"), [(16, True), (18, True), (13, False), (1, False)])
def test_pq_and_hlg_are_hdr(transfer, expected):
    assert transfer_is_hdr(with_cicp(transfer)) is expected


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_damaged_profiles_are_judged_without_an_error(changes):
    damaged = bytearray(SRGB)
    for place, value in changes:
        damaged[place % len(damaged)] = value

    assert is_srgb(bytes(damaged)) in {True, False}
    assert transfer_is_hdr(bytes(damaged)) in {True, False}
