import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg
from gateway.detection.codec_grain import codec_grain
from gateway.detection.filtered_place import beside_filter
from predictor.residual.strata import Codec

CAT = data.chelsea()[40:160, 150:310].astype(np.float32)
INSIDE = np.ones(CAT.shape[:2], dtype=np.bool_)


def brightened(pixels: np.ndarray, by: float = 1.06, colourful: float = 1.1) -> np.ndarray:
    grey = (pixels @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
    return np.clip(np.rint(by * (grey + colourful * (pixels - grey))), 0, 255).astype(np.float32)


def code(cell: int) -> np.ndarray:
    height, width = CAT.shape[:2]
    cells = np.random.default_rng(0).choice([-1.0, 1.0], (height // cell + 1, width // cell + 1))
    return np.kron(cells, np.ones((cell, cell)))[:height, :width, None]


@pytest.mark.parametrize("by", [0.92, 1.06, 1.2])
def test_a_brighter_and_more_colourful_picture_is_filtered(by):
    left = beside_filter(CAT, brightened(CAT, by), INSIDE)

    assert left is not None
    assert (left <= 2.5).mean() > 0.9


@pytest.mark.parametrize("levels", [2, 3, 4, 8])
@pytest.mark.parametrize("cell", [1, 4, 8])
def test_a_code_under_a_filter_is_not(levels, cell):
    assert beside_filter(CAT, brightened(CAT) + levels * code(cell), INSIDE) is None
    assert beside_filter(CAT + levels * code(cell), brightened(CAT), INSIDE) is None


def test_a_code_in_a_part_of_it_is_left():
    hidden = brightened(CAT)
    hidden[20:60, 20:60] += 5 * code(4)[20:60, 20:60]

    left = beside_filter(CAT, hidden, INSIDE)

    assert left is None or (left[20:60, 20:60] > 2.5).mean() > 0.8


def test_what_is_brought_out_of_ground_where_it_had_been_laid_is_not():
    ground = np.full_like(CAT, 200)

    assert beside_filter(ground + code(8), ground + 6 + 5 * code(8), INSIDE) is None


def test_a_code_that_is_taken_out_is_not():
    ground = np.full_like(CAT, 200)

    assert beside_filter(ground + 4 * code(4), ground + 8, INSIDE) is None


def stored(pixels: np.ndarray) -> Image:
    return decode(encode_jpeg(Image(np.clip(np.rint(pixels), 0, 255).astype(np.uint8)), 80)).image


def beside_filter_in_jpeg(before: np.ndarray, after: np.ndarray) -> np.ndarray | None:
    first, second = stored(before), stored(after)
    codec, everywhere = Codec(is_lossless=False, jpeg_quality=80), slice(None)
    grain = codec_grain(second, codec, (second.width, second.height), everywhere, everywhere)
    pixels = (each.pixels.astype(np.float32) for each in (first, second))
    return beside_filter(*pixels, INSIDE, grain)


@pytest.mark.parametrize("by", [1.06, 1.2])
def test_a_filtered_picture_in_a_jpeg_is_filtered_but_for_its_grain(by):
    pixels = [stored(each).pixels.astype(np.float32) for each in (CAT, brightened(CAT, by))]
    left = beside_filter_in_jpeg(CAT, brightened(CAT, by))

    assert beside_filter(*pixels, INSIDE) is None
    assert left is not None
    assert (left <= 2.5).mean() > 0.9


@pytest.mark.parametrize("levels", [4, 6, 8])
@pytest.mark.parametrize("cell", [1, 4, 8, 16])
def test_a_code_under_a_filter_in_a_jpeg_is_not(levels, cell):
    assert beside_filter_in_jpeg(CAT, brightened(CAT) + levels * code(cell)) is None
    assert beside_filter_in_jpeg(CAT + levels * code(cell), brightened(CAT)) is None


def test_a_code_in_a_part_of_it_is_left_in_a_jpeg_too():
    hidden = brightened(CAT)
    hidden[20:60, 20:60] += 6 * code(8)[20:60, 20:60]

    left = beside_filter_in_jpeg(CAT, hidden)

    assert left is None or (left[20:60, 20:60] > 2.5).mean() > 0.5


def test_an_equal_picture_is_not():
    assert beside_filter(CAT, CAT, INSIDE) is None


@pytest.mark.parametrize("levels", [4, 8])
def test_a_soft_retouch_that_fades_towards_the_rim_is_not(levels):
    height, width = CAT.shape[:2]
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    soft = np.exp(-2 * (rows**2 + columns**2))[..., None].astype(np.float32)
    ground = np.linspace(180, 200, width, dtype=np.float32)[None, :, None] * np.ones_like(CAT)

    inside = np.pad(np.ones((height - 8, width - 8), np.bool_), 4)

    for pixels in (CAT, ground):
        assert beside_filter(pixels, pixels + levels * soft, inside) is None
        assert beside_filter(pixels + levels * soft, pixels, inside) is None
