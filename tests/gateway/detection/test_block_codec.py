import cv2
import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png
from gateway.detection.block_codec import is_of_block_codec
from predictor.residual.detector import codec_of
from predictor.residual.strata import Codec

CAT = data.chelsea()
RNG = np.random.default_rng(0)


LOSSLESS = codec_of(decode(encode_png(Image(CAT))).source)


def of_quality(quality: int) -> Codec:
    return codec_of(decode(encode_jpeg(Image(CAT), quality)).source)


def differing(second: np.ndarray, first: np.ndarray = CAT, codec: Codec = LOSSLESS) -> bool:
    return is_of_block_codec(second.astype(np.float32) - first, codec)


def with_waves(pixels: np.ndarray) -> np.ndarray:
    """Add what a film's codec adds to a frame: two waves in most blocks."""
    changed = pixels.astype(np.float32)
    rows, columns = (length // 8 for length in pixels.shape[:2])
    for row in range(rows):
        for column in range(columns):
            wave = np.zeros((8, 8), np.float32)
            wave[RNG.integers(0, 3), RNG.integers(1, 4)] = RNG.choice([-16, 16])
            wave[RNG.integers(1, 4), RNG.integers(0, 3)] = RNG.choice([-16, 16])
            changed[8 * row : 8 * row + 8, 8 * column : 8 * column + 8] += cv2.idct(wave)[..., None]
    return np.clip(np.rint(changed), 0, 255).astype(np.uint8)


def noisy(pixels: np.ndarray) -> np.ndarray:
    return np.clip(pixels + RNG.choice([-4, 4], pixels.shape), 0, 255).astype(np.uint8)


def smoothly_noisy(pixels: np.ndarray) -> np.ndarray:
    noise = cv2.GaussianBlur(RNG.normal(0, 30, pixels.shape), (0, 0), 1.5)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def with_squares(pixels: np.ndarray) -> np.ndarray:
    squares = np.kron(RNG.choice([-8, 8], (38, 57, 3)), np.ones((8, 8, 1), int))[:300, :451]
    return np.clip(pixels + squares, 0, 255).astype(np.uint8)


def stored(pixels: np.ndarray, quality: int) -> np.ndarray:
    return decode(encode_jpeg(Image(pixels), quality)).image.pixels


def test_what_a_film_adds_is_a_codecs():
    assert differing(with_waves(CAT))


@pytest.mark.parametrize("change", [noisy, smoothly_noisy, with_squares])
def test_noise_and_squares_are_not(change):
    assert not differing(change(CAT))


@pytest.mark.parametrize("quality", [75, 90])
def test_noise_that_was_stored_once_as_jpeg_is_not(quality: int):
    assert not differing(stored(noisy(CAT), quality))


@pytest.mark.parametrize("quality", [90, 95])
def test_in_a_fine_jpeg_too_a_films_waves_are_told_from_noise(quality: int):
    codec, first = of_quality(quality), stored(CAT, quality)

    assert differing(stored(with_waves(CAT), quality), first, codec)
    assert not differing(stored(noisy(CAT), quality), first, codec)


def test_a_coarse_jpeg_tells_nothing():
    assert not differing(stored(with_waves(CAT), 75), stored(CAT, 75), of_quality(75))


def test_nothing_and_a_picture_of_one_block_are_not():
    assert not differing(CAT)
    assert not differing(noisy(CAT[:9, :9]), CAT[:9, :9])
