from collections.abc import Callable

import numpy as np
import pytest

from calibration.image import Image
from calibration.opponent import LUMA
from calibration.stimuli.delivery import (
    CHROMA,
    PNG8,
    RESCALE,
    WEBP,
    chroma_scale,
    palette_colors,
    rescale_factor,
    webp_quality,
)

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("unit_value", "level", "strength"),
    [
        (webp_quality, 0, 100.0),
        (webp_quality, 12.5, 75.0),
        (webp_quality, 50, 0.0),
        (rescale_factor, 0, 1.0),
        (rescale_factor, 50, 0.1),
        (palette_colors, 0, 256.0),
        (palette_colors, 50, 2.0),
        (palette_colors, 50 / 7, 128.0),
        (chroma_scale, 0, 1.0),
        (chroma_scale, 10, 0.5),  # 4:2:0
        (chroma_scale, 50, 1 / 32),
    ],
)
def test_levels_have_the_strength_that_is_documented(unit_value, level: float, strength: float):
    assert unit_value(level) == pytest.approx(strength)


@pytest.mark.parametrize(("width", "height", "small"), [(100, 60, (10, 6)), (3, 40, (1, 4)), (1, 1, (1, 1))])
def test_rescale_leaves_the_picture_small_and_never_without_a_pixel(
    width: int, height: int, small: tuple[int, int]
):
    shrunk = RESCALE.apply(Image(np.zeros((height, width, 3), np.uint8)), 50, RNG)

    assert (shrunk.width, shrunk.height) == small


@pytest.mark.parametrize("level", [30.0, 43.0, 50.0])
def test_png8_holds_no_more_colours_than_its_level_says(texture: Callable[[int], Image], level: float):
    reduced = PNG8.apply(texture(0), level, RNG)

    assert len(np.unique(reduced.pixels.reshape(-1, 3), axis=0)) <= palette_colors(level)


def test_webp_keeps_the_size_and_hurts_more_at_its_worst(texture: Callable[[int], Image]):
    picture = texture(0)

    mild, worst = (WEBP.apply(picture, level, RNG).pixels.astype(int) for level in (5, 50))

    errors = [np.abs(found - picture.pixels).mean() for found in (mild, worst)]
    assert mild.shape == picture.pixels.shape
    assert errors[1] > 2 * errors[0] > 0


def test_coarser_colour_touches_no_luma():
    rng = np.random.default_rng(0)
    picture = Image(rng.integers(110, 146, (48, 60, 3)).astype(np.uint8))  # far from what would be clipped

    coarse = CHROMA.apply(picture, 30, RNG)

    change = coarse.pixels.astype(float) - picture.pixels
    assert np.abs(change).max() > 5
    assert np.abs(change @ LUMA).max() <= 1  # rounding


def test_grey_pictures_have_no_colour_to_lose():
    picture = Image(np.random.default_rng(0).integers(0, 256, (40, 40, 1), dtype=np.uint8).repeat(3, axis=2))

    assert np.abs(CHROMA.apply(picture, 50, RNG).pixels.astype(int) - picture.pixels).max() <= 1
