import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detection.places import boxes_of, map_of, words_for


def one_spot(row, column, side=10):
    strength = np.zeros((side, side), np.float32)
    strength[row, column] = 3.0
    return strength


@given(st.integers(0, 9), st.integers(0, 9), st.integers(160, 900), st.integers(160, 900))
def test_a_box_lies_where_the_map_is_strong(row, column, width, height):
    ((left, top, right, bottom, weight),) = boxes_of(one_spot(row, column), width, height)

    assert left <= (column + 0.5) * width / 10 <= right
    assert top <= (row + 0.5) * height / 10 <= bottom
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert weight == 1.0


def test_a_map_survives_its_boxes():
    strength = np.zeros((12, 12), np.float32)
    strength[2:5, 6:11] = np.linspace(0.5, 1.0, 15).reshape(3, 5)

    again = map_of(boxes_of(strength, 12 * 16, 12 * 16), 12 * 16, 12 * 16)

    assert again == pytest.approx(strength, abs=0.001)


def test_boxes_stay_few_and_the_weightiest_come_first():
    boxes = boxes_of(np.random.default_rng(0).random((300, 200)).astype(np.float32), 3200, 4800)

    weights = [weight for *_, weight in boxes]
    assert 0 < len(boxes) <= 64
    assert weights == sorted(weights, reverse=True)


def test_nothing_has_no_place():
    assert boxes_of(np.zeros((4, 4), np.float32), 64, 64) == ()
    assert words_for((), 64, 64) == ""
    assert not map_of((), 65, 64).any()
    assert map_of((), 65, 64).shape == (4, 5)


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (8, 1, "mostly at the lower left"),
        (0, 9, "mostly at the upper right"),
        (5, 5, "mostly in the middle"),
        (9, 5, "mostly at the bottom"),
        (5, 0, "mostly at the left"),
    ],
)
def test_words_name_the_place(row, column, words):
    strength = np.zeros((10, 10), np.float32)
    strength[row, column] = 1.0
    if row == 5 and column == 5:
        strength[4:6, 4:6] = 1.0
    elif 5 in (row, column):
        strength[row if row != 5 else slice(4, 6), column if column != 5 else slice(4, 6)] = 1.0

    assert words_for(boxes_of(strength, 1000, 1000), 1000, 1000) == words


def test_words_tell_a_half_from_everywhere():
    half = np.zeros((10, 10), np.float32)
    half[:, :5] = 1.0

    assert words_for(boxes_of(half, 1000, 1000), 1000, 1000) == "mostly in the left half"
    assert words_for(boxes_of(np.ones((8, 8), np.float32), 1000, 1000), 1000, 1000) == "all over it"
