from dataclasses import replace

import numpy as np
import pytest

from calibration.image import Image
from calibration.profile import JndProfile, Threshold, default_profile
from calibration.stimuli.registry import DISTORTIONS
from predictor.own_thresholds import strongest_level
from predictor.thresholds.profile_threshold import least_level, profile_threshold

HUMAN = default_profile()


def knowing(**found: Threshold) -> JndProfile:
    return JndProfile(model="some", source="measured", distortions=found)


def times_human(name: str, factor: float) -> Threshold:
    human = HUMAN.distortions[name]
    return replace(human, status="measured", threshold=factor * (human.threshold or 1.0))


def test_a_known_threshold_is_taken_as_it_is():
    profile = knowing(blur=times_human("blur", 3.0))

    assert profile_threshold(profile, "blur") == profile.threshold_of("blur")


def test_a_profile_that_knows_nothing_gets_the_human_thresholds():
    assert profile_threshold(knowing(), "blur") == HUMAN.threshold_of("blur")


def test_an_unknown_threshold_stands_to_the_human_as_the_known_do_on_average():
    profile = knowing(blur=times_human("blur", 2.0), noise=times_human("noise", 8.0))

    assert profile_threshold(profile, "jpeg") == pytest.approx(4.0 * (HUMAN.threshold_of("jpeg") or 0.0))


def test_an_unmeasurable_one_counts_as_unknown():
    lost = replace(times_human("jpeg", 9.0), status="unmeasurable")
    profile = knowing(blur=times_human("blur", 2.0), jpeg=lost)

    assert profile_threshold(profile, "jpeg") == pytest.approx(2.0 * (HUMAN.threshold_of("jpeg") or 0.0))


@pytest.mark.parametrize("name", list(DISTORTIONS))
def test_every_scale_begins_above_nothing_and_ends_where_the_distortion_does(name: str):
    assert 0 < least_level(name) < strongest_level(name) == DISTORTIONS[name].levels


@pytest.mark.parametrize("name", ["jpeg", "webp"])
def test_below_its_least_level_a_codec_does_no_less(name: str):
    unit_value = DISTORTIONS[name].unit_value

    assert unit_value(0.99 * least_level(name)) == unit_value(1e-6)
    assert unit_value(2 * least_level(name)) < unit_value(1e-6)


@pytest.mark.parametrize(("share", "side"), [(0.9, 96), (1.0, 95)])
def test_a_small_picture_loses_its_first_pixel_at_the_least_level_of_rescaling(share: float, side: int):
    picture = Image(np.zeros((96, 96, 3), np.uint8))

    sent = DISTORTIONS["rescale"].apply(picture, share * least_level("rescale"), np.random.default_rng(0))

    assert sent.width == side
