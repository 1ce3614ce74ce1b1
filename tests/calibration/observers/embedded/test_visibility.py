import numpy as np
import pytest

from calibration.image import Image
from calibration.observers.embedded.scenes import sample_scene
from calibration.observers.embedded.visibility import notice_probability, visibility
from calibration.stimuli.registry import DISTORTIONS


def test_identical_pictures_have_no_visible_difference():
    pixels = sample_scene(np.random.default_rng(0)).pixels

    assert visibility(pixels, pixels) == 0.0


def test_visibility_one_is_noticed_half_of_the_time():
    assert notice_probability(1.0) == pytest.approx(0.5)
    assert notice_probability(0.0) < 0.01
    assert notice_probability(3.0) > 0.99


def test_texture_hides_noise():
    rng = np.random.default_rng(0)
    flat = Image(np.full((96, 96, 3), 128, np.uint8))
    textured = Image(rng.integers(60, 200, (96, 96, 3), dtype=np.uint8))
    noise = DISTORTIONS["noise"]

    on_flat = visibility(flat.pixels, noise.apply(flat, 5, np.random.default_rng(1)).pixels)
    on_texture = visibility(textured.pixels, noise.apply(textured, 5, np.random.default_rng(1)).pixels)

    assert on_texture < on_flat


@pytest.mark.parametrize("name", ["blur", "brightness", "contrast", "noise", "qr", "text"])
def test_more_level_is_more_visible(name):
    image = Image(sample_scene(np.random.default_rng(3)).pixels)

    seen = [
        visibility(image.pixels, DISTORTIONS[name].apply(image, level, np.random.default_rng(0)).pixels)
        for level in (2, 8, 30)
    ]

    assert seen == sorted(seen)
