"""The table of codecs: what it holds is what is sent, and what is learned from."""

import threading

import numpy as np
import pytest
from skimage import data

from calibration.encoders import ENCODERS, JPEG, Encoder, lossy, reduce_to, room_for
from calibration.image import Image, decode

PHOTO = Image(np.ascontiguousarray(data.chelsea()[:200, :300]))


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda each: each.name)
def test_every_setting_writes_the_format_and_size_it_says(encoder: Encoder):
    for setting in (encoder.settings[0], encoder.settings[-1]):
        found = decode(encoder.encode(PHOTO, setting))

        assert found.source.format == encoder.format
        assert found.source.media_type == encoder.media_type
        assert (found.image.width, found.image.height) == (300, 200)


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda each: each.name)
def test_exactly_the_lossless_ones_give_every_pixel_back(encoder: Encoder):
    back = decode(encoder.encode(PHOTO, encoder.settings[-1])).image

    assert np.array_equal(back.pixels, PHOTO.pixels) == encoder.is_lossless


@pytest.mark.parametrize("encoder", lossy(), ids=lambda each: each.name)
def test_settings_ascend_in_bytes(encoder: Encoder):
    assert list(encoder.settings) == sorted(encoder.settings)
    assert len(encoder.encode(PHOTO, encoder.settings[0])) < len(encoder.encode(PHOTO, encoder.settings[-1]))


def test_names_are_unique():
    assert len({encoder.name for encoder in ENCODERS}) == len(ENCODERS)


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda each: each.name)
def test_the_longest_side_is_written_and_one_more_is_refused_and_told(encoder: Encoder):
    longest = Image(np.zeros((1, encoder.longest_side, 3), np.uint8))
    longer = Image(np.zeros((encoder.longest_side + 1, 1, 3), np.uint8))

    assert encoder.takes(longest)
    assert decode(encoder.encode(longest, encoder.settings[0])).image.width == encoder.longest_side
    assert not encoder.takes(longer)
    with pytest.raises(ValueError, match=f"at most {encoder.longest_side} pixels, got 1 x {longer.height}"):
        encoder.encode(longer, encoder.settings[0])


def test_a_lossy_codec_wants_a_quality():
    with pytest.raises(ValueError, match="expected a quality"):
        JPEG.encode(PHOTO, None)


def test_reduction_averages_over_areas():
    checks = Image(np.tile(np.array([[0, 200], [200, 0]], np.uint8)[..., None], (8, 8, 3)))

    assert np.array_equal(np.unique(reduce_to(checks, 8, 8).pixels), [100])


def test_a_picture_of_the_size_wanted_is_not_touched():
    assert reduce_to(PHOTO, PHOTO.width, PHOTO.height) is PHOTO


def test_no_picture_is_written_at_a_cost_of_hundreds_of_megabytes():
    large = Image(np.zeros((3200, 3200, 3), np.uint8))

    assert [encoder.name for encoder in ENCODERS if encoder.takes(large)] == ["jpeg"]


def test_of_large_pictures_one_at_a_time_has_room_and_small_ones_need_none():
    entered = []

    def enter(pixels: int) -> None:
        with room_for(pixels):
            entered.append(pixels)

    with room_for(2_000_000), room_for(3_000_000):  # what needs room may be part of what does
        others = [threading.Thread(target=enter, args=(pixels,)) for pixels in (5_000_000, 1_000)]
        for other in others:
            other.start()
        others[1].join()
        assert entered == [1_000]
    others[0].join()

    assert entered == [1_000, 5_000_000]
