from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, center_square
from calibration.profile import JndProfile, default_profile
from calibration.published import published_profile
from calibration.stimuli.registry import DISTORTIONS
from calibration.stimulus_side import comparable

SMALL, LARGE = 96, 288
PROFILE = replace(default_profile("m"), source="measured", stimulus_side=SMALL)
OTHER = replace(PROFILE, stimulus_side=LARGE)
AS_LEVELS = [name for name in DISTORTIONS if comparable(name, PROFILE, OTHER).basis == "levels"]


def shrunk(image: Image) -> np.ndarray:
    """See a large picture as a model does that shrinks it to the small one."""
    return np.asarray(center_square(image, SMALL).pixels, dtype=np.float64)


def damage(name: str, level: float, times: float = 1.0) -> float:
    """Return how much more a level damages a large picture, then shrunk, than a small one, as a share."""
    photo = Image(np.ascontiguousarray(data.astronaut()[:480, :480]))
    large = center_square(photo, LARGE)
    small = center_square(large, SMALL)
    on_large, on_small = (
        DISTORTIONS[name].apply(one, shown, np.random.default_rng(1))
        for one, shown in ((large, level * times), (small, level))
    )
    changed = np.abs(on_small.pixels.astype(float) - small.pixels).mean()
    return float((np.abs(shrunk(on_large) - shrunk(large)).mean() - changed) / changed)


@pytest.mark.parametrize("name", sorted(set(AS_LEVELS)))
def test_what_is_compared_as_levels_is_about_the_same_damage_at_both_sizes(name: str):
    assert abs(damage(name, DISTORTIONS[name].levels * 0.4)) < 0.2


def test_a_blur_of_the_same_share_of_the_side_is_about_the_same_damage():
    found = comparable("blur", PROFILE, OTHER)

    assert found.factor == SMALL / LARGE
    assert abs(damage("blur", 8, times=1 / found.factor)) < 0.1


@pytest.mark.parametrize("name", ["blur", "noise", "jpeg", "webp", "banding", "png8"])
def test_what_counts_in_pixels_is_far_less_damage_in_a_large_picture(name: str):
    assert damage(name, DISTORTIONS[name].levels * 0.4) < -0.2


def test_everything_is_compared_as_levels_at_one_size():
    assert {comparable(name, PROFILE, PROFILE).basis for name in DISTORTIONS} == {"levels"}


def test_assumed_levels_belong_to_no_size():
    prior = published_profile("gpt-4o")

    assert isinstance(prior, JndProfile)
    assert comparable("noise", prior, PROFILE).basis == "levels"


def test_two_pictures_and_both_in_one_are_not_compared():
    two = JndProfile("m", "measured", {}, stimulus_side=512)
    in_one = replace(two, details={"side_by_side": True})

    assert comparable("brightness", two, in_one).basis == "nothing"
    assert "side by side" in comparable("brightness", two, in_one).reason
    assert comparable("brightness", in_one, in_one).basis == "levels"
