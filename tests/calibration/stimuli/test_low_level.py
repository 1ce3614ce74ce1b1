import numpy as np
import pytest

from calibration.image import Image
from calibration.stimuli.distortion import Distortion
from calibration.stimuli.low_level import (
    BANDING,
    BLUR,
    BRIGHTNESS,
    CONTRAST,
    JPEG,
    NOISE,
    SATURATION,
    banding_step,
    blur_sigma,
    brightness_offset,
    contrast_factor,
    jpeg_quality,
    noise_sigma,
    saturation_factor,
)


def damaged(distortion: Distortion, pixels: np.ndarray, level: float) -> np.ndarray:
    image = Image(np.ascontiguousarray(pixels, dtype=np.uint8))
    return distortion.apply(image, level, np.random.default_rng(0)).pixels.astype(int)


def grey(value: int, side: int = 32) -> np.ndarray:
    return np.full((side, side, 3), value, np.uint8)


@pytest.mark.parametrize(
    ("unit_value", "level", "strength"),
    [
        (blur_sigma, 10, 5.0),  # DepictQA's strongest
        (brightness_offset, 50, 0.5),
        (saturation_factor, 0, 1.0),
        (saturation_factor, 50, 4.0),
        (contrast_factor, 0, 1.0),
        (contrast_factor, 50, 0.1),
        (jpeg_quality, 0, 100.0),
        (jpeg_quality, 1, 100.0),
        (jpeg_quality, 100, 1.0),
        (noise_sigma, 50, 0.25),
        (banding_step, 0, 1.0),
        (banding_step, 100, 85.0),
    ],
)
def test_levels_have_the_strength_that_is_documented(unit_value, level: float, strength: float):
    assert unit_value(level) == pytest.approx(strength)


def test_blur_spreads_an_edge_by_its_sigma_and_keeps_the_light():
    pixels = grey(0, 64)
    pixels[:, 32:] = 255

    profile = damaged(BLUR, pixels, 8)[32, :, 0] / 255  # sigma of 4 pixels

    one_sigma = profile[32 - 4], profile[31 + 4]
    assert one_sigma == pytest.approx((0.184, 0.816), abs=0.02)  # half a pixel within the cumulative normal
    assert profile.mean() == pytest.approx(0.5, abs=0.005)


def test_brightness_lifts_by_a_share_of_full_scale_and_clips_at_white():
    assert damaged(BRIGHTNESS, grey(100), 20)[0, 0].tolist() == [151, 151, 151]
    assert damaged(BRIGHTNESS, grey(240), 20).max() == 255


def test_saturation_leaves_grey_and_luma_alone_and_drives_colours_apart():
    colour = np.full((4, 4, 3), (120, 100, 90), np.uint8)

    stronger = damaged(SATURATION, colour, 10)[0, 0]

    assert np.array_equal(damaged(SATURATION, grey(77), 50), grey(77))
    assert stronger @ np.array([0.299, 0.587, 0.114]) == pytest.approx(104.84, abs=0.6)
    assert np.ptp(stronger) == pytest.approx(1.6 * 30, abs=1)


def test_contrast_shrinks_towards_the_mean_of_the_picture():
    pixels = np.concatenate([grey(60), grey(180)])

    assert np.unique(damaged(CONTRAST, pixels, 50)).tolist() == [114, 126]
    assert np.array_equal(damaged(CONTRAST, grey(33), 50), grey(33))


def test_the_worst_jpeg_leaves_flat_blocks():
    pixels = np.random.default_rng(0).normal(128, 12, (32, 32, 1)).clip(0, 255).repeat(3, axis=2)

    blocks = damaged(JPEG, pixels, 100)[..., 0].reshape(4, 8, 4, 8)

    assert np.ptp(blocks, axis=(1, 3)).max() == 0


def test_one_seed_is_one_noise_sample_at_every_level():
    weak, strong = (damaged(NOISE, grey(128, 64), level) - 128 for level in (5, 10))

    assert weak.std() == pytest.approx(255 * noise_sigma(5), rel=0.03)
    assert np.abs(strong - 2 * weak).max() <= 2  # rounding of both


def test_the_strongest_banding_leaves_four_tones():
    ramp = np.arange(256).reshape(16, 16, 1).repeat(3, axis=2)

    assert np.unique(damaged(BANDING, ramp, 100)).tolist() == [0, 85, 170, 255]
