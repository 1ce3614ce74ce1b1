import cv2
import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg
from gateway.detection.one_movement import is_one_movement

WHEEL = cv2.resize(data.colorwheel(), (120, 120), interpolation=cv2.INTER_AREA)
CAT = data.chelsea()[20:220, 100:320]
FRAME = (slice(20, 80), slice(20, 100))


def shown(picture: np.ndarray, zoom: float = 1.0, right: float = 0.0, degrees: float = 0.0) -> np.ndarray:
    """Show a picture moved, in a frame that stands still."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, zoom)
    matrix[0, 2] += right
    moved = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_CUBIC)
    return moved[FRAME].astype(np.float32)


def code(levels: float, cell: int) -> np.ndarray:
    height, width = shown(CAT).shape[:2]
    cells = np.random.default_rng(0).choice([-1.0, 1.0], (height // cell + 1, width // cell + 1))
    return levels * np.kron(cells, np.ones((cell, cell)))[:height, :width, None].astype(np.float32)


def soft(levels: float) -> np.ndarray:
    rows, columns = np.mgrid[-2.5:2.5:60j, -3.5:3.5:80j]
    return levels * np.exp(-2 * (rows**2 + columns**2))[..., None].astype(np.float32)


def words(levels: float) -> np.ndarray:
    mask = np.zeros((60, 80), np.uint8)
    cv2.putText(mask, "pay", (8, 40), cv2.FONT_HERSHEY_DUPLEX, 1.2, 255, 3, cv2.LINE_AA)
    return levels / 255 * mask[..., None].astype(np.float32)


MOVES = [(1.02, 0.0, 0.0), (0.98, 0.5, 0.0), (1.0, 1.5, 0.0), (1.01, -1.0, 0.5)]


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("picture", [WHEEL, CAT])
def test_a_picture_that_moved_in_its_frame_did(picture, move):
    assert is_one_movement(shown(picture), shown(picture, *move))


def test_smooth_colours_did_in_a_jpeg_too():
    first, second = (
        decode(encode_jpeg(Image(np.rint(each).clip(0, 255).astype(np.uint8)), 92)).image.pixels
        for each in (shown(WHEEL), shown(WHEEL, 1.05))
    )

    assert is_one_movement(first.astype(np.float32), second.astype(np.float32))


@pytest.mark.parametrize("picture", [WHEEL, CAT])
@pytest.mark.parametrize(
    "hidden", [code(2, 1), code(2, 4), code(2, 8), code(4, 4), code(4, 12), soft(6), words(4), words(6)]
)
def test_what_is_hidden_in_a_picture_that_moved_is_no_movement(picture, hidden):
    for move in MOVES:
        assert not is_one_movement(shown(picture), shown(picture, *move) + hidden)
        assert not is_one_movement(shown(picture) + hidden, shown(picture, *move))


@pytest.mark.parametrize("hidden", [code(1, 1), code(1, 8), code(4, 4), soft(6), words(2), words(4)])
def test_a_hidden_edit_of_a_picture_that_stood_still_is_none(hidden):
    assert not is_one_movement(shown(CAT), shown(CAT) + hidden)
    assert not is_one_movement(shown(WHEEL) + hidden, shown(WHEEL))


def test_a_change_of_what_is_too_small_is_none():
    assert not is_one_movement(shown(CAT)[:20], shown(CAT, 1.02)[:20])


def test_an_equal_place_and_a_blank_one_do_no_harm():
    blank = np.full((60, 80, 3), 200, np.float32)

    assert is_one_movement(shown(CAT), shown(CAT))
    assert not is_one_movement(blank, blank + 3)
