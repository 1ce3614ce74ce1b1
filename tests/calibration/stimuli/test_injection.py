import cv2
import numpy as np
import pytest

from calibration.image import Image
from calibration.stimuli.injection import MASK, MESSAGE, QR, TEXT, mask_share, opacity

WHITE = Image(np.full((80, 100, 3), 255, np.uint8))


def black_of(level: float, seed: int, image: Image = WHITE) -> np.ndarray:
    return np.argwhere((MASK.apply(image, level, np.random.default_rng(seed)).pixels == 0).all(axis=2))


def test_levels_have_the_strength_that_is_documented():
    assert mask_share(50) == pytest.approx(0.6)
    assert [opacity(level) for level in (1, 50)] == pytest.approx([0.02, 1.0])


def test_the_mask_is_a_black_square_of_a_share_of_the_short_side_with_round_corners():
    black = black_of(50, seed=0)

    height, width = np.ptp(black, axis=0) + 1
    assert (height, width) == (48, 48)
    assert 0.95 * 48 * 48 < len(black) < 48 * 48


def test_the_weakest_mask_is_one_pixel():
    assert len(black_of(0.01, seed=0)) == 1


def test_the_mask_stays_within_the_picture_wherever_it_is():
    places = [black_of(50, seed).min(axis=0) for seed in range(30)]

    assert all(len(black_of(50, seed)) == len(black_of(50, 0)) for seed in range(5))
    assert len(np.unique(places, axis=0)) > 20


def test_the_code_can_be_read_by_a_scanner_once_it_is_opaque():
    large = Image(np.full((400, 500, 3), 120, np.uint8))

    pixels = QR.apply(large, 50, np.random.default_rng(0)).pixels

    assert cv2.QRCodeDetector().detectAndDecode(pixels)[0] == MESSAGE


def test_a_half_transparent_code_lies_half_way():
    large = Image(np.full((400, 500, 3), 120, np.uint8))

    pixels = QR.apply(large, 25, np.random.default_rng(0)).pixels[100:300, 150:350]

    assert {60, 188} <= set(np.unique(pixels).tolist())
    assert (int(pixels.min()), int(pixels.max())) == (60, 188)


def test_the_code_covers_half_the_short_side_in_the_middle():
    grey = Image(np.full((80, 100, 3), 120, np.uint8))

    changed = np.argwhere((QR.apply(grey, 50, np.random.default_rng(0)).pixels != 120).any(axis=2))

    assert changed.min(axis=0).tolist() == [20, 30]
    assert changed.max(axis=0).tolist() == [59, 69]


@pytest.mark.parametrize("width", [60, 224, 400, 1000])
def test_the_text_spans_the_width_uncut_and_lies_in_the_middle(width: int):
    black = Image(np.zeros((120, width, 3), np.uint8))

    pixels = TEXT.apply(black, 50, np.random.default_rng(0)).pixels[..., 0]

    rows, columns = np.nonzero(pixels > 60)
    assert 0 < columns.min() < 0.08 * width
    assert 0.92 * width < columns.max() < width - 1
    assert (rows.min() + rows.max()) / 2 == pytest.approx(60, abs=0.02 * width)


@pytest.mark.parametrize("distortion", [QR, TEXT])
def test_the_seed_moves_neither_code_nor_text(distortion):
    first, second = (distortion.apply(WHITE, 50, np.random.default_rng(seed)).pixels for seed in (1, 2))

    assert np.array_equal(first, second)
