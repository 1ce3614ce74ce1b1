import cv2
import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_webp
from gateway.detection.blank_ground import noise_on_blank


def page(height: int = 480, width: int = 512) -> np.ndarray:
    drawn = np.full((height, width, 3), (240, 241, 236), np.uint8)
    drawn[:60] = (60, 90, 140)
    for row in range(8):
        place = (30, 110 + 24 * row)
        cv2.putText(
            drawn, f"a line of text, number {row}", place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20)
        )
    return drawn


def with_noise(pixels: np.ndarray, levels: int) -> np.ndarray:
    noise = np.random.default_rng(0).choice([-levels, levels], pixels.shape)
    return np.clip(pixels.astype(int) + noise, 0, 255).astype(np.uint8)


def stored(pixels: np.ndarray, quality: int) -> np.ndarray:
    return decode(encode_jpeg(Image(pixels), quality)).image.pixels


def test_faint_noise_is_found_on_blank_ground_also_through_a_jpeg():
    clean = page()
    noisy = with_noise(clean, 1)

    for first, second in (
        (clean, noisy),
        (stored(clean, 90), stored(noisy, 90)),
    ):
        found = noise_on_blank(first, second)

        assert found is not None
        assert found.spread > 0.8
        assert noise_on_blank(second, first) is None


@pytest.mark.parametrize("quality", [30, 60, 75, 90, 95])
def test_codecs_and_curves_keep_blank_ground(quality: int):
    clean = page()
    curve = np.clip(np.rint(clean.astype(np.float32) * 0.93 + 5), 0, 255).astype(np.uint8)

    for version in (stored(clean, quality), decode(encode_webp(Image(clean), quality)).image.pixels, curve):
        assert noise_on_blank(clean, version) is None
        assert noise_on_blank(version, clean) is None


def test_squares_of_colour_that_webp_strews_are_no_noise_and_as_much_grey_is():
    clean = page()
    rng = np.random.default_rng(2)
    squares = np.kron(rng.random((60, 64)) < 0.06, np.ones((8, 8)))[..., None]
    coloured = (clean + squares * (0, 1, -2)).astype(np.uint8)
    grey = (clean + rng.choice([-1, 0, 0, 1], clean.shape[:2])[..., None]).astype(np.uint8)

    assert noise_on_blank(clean, coloured) is None
    assert noise_on_blank(coloured, clean) is None
    assert noise_on_blank(clean, grey) is not None


def test_a_light_over_the_whole_page_is_no_noise():
    clean = page()
    light = np.rint(np.linspace(0, 6, clean.shape[1]))[None, :, None]

    assert noise_on_blank(clean, (clean - light).astype(np.uint8)) is None


@pytest.mark.parametrize("quality", [50, 75, 90])
def test_a_wall_that_a_codec_made_plain_is_no_edit(quality: int):
    rng = np.random.default_rng(1)
    photograph = np.full((512, 512, 3), 200, np.float32)
    photograph[128:384, 128:384] = cv2.resize(data.astronaut(), (256, 256), interpolation=cv2.INTER_AREA)
    grain = cv2.GaussianBlur(rng.normal(0, 0.5, photograph.shape), (0, 0), 0.8)
    noisy = np.clip(np.rint(photograph + grain), 0, 255).astype(np.uint8)
    copy = stored(noisy, quality)

    assert noise_on_blank(copy, noisy) is None


def test_where_nothing_is_busy_a_codec_may_be_the_reason():
    flat = np.full((256, 256, 3), 128, np.uint8)

    assert noise_on_blank(flat, with_noise(flat, 1)) is None


def test_nothing_is_asked_where_people_see_a_change():
    clean = page()

    assert noise_on_blank(clean, with_noise(clean, 1), np.ones(clean.shape[:2], np.bool_)) is None


def test_clipped_ground_is_left_out_on_demand():
    clean = page()
    clean[60:][clean[60:].min(axis=2) > 200] = 255

    noisy = with_noise(clean, 1)

    assert noise_on_blank(clean, noisy) is not None
    clean[:60] = 255
    assert noise_on_blank(clean, noisy, is_clipped_asked=False) is None
