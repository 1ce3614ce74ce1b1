import cv2
import numpy as np
import pytest

from gateway.detection.faint_ink import FaintInk
from gateway.detection.letter_rows import Parts, parts_of, rows_of_letters

SIZES = ((6, 12), (9, 12), (3, 12), (8, 12), (5, 12), (10, 12), (4, 12), (7, 12))


def ink_of(boxes: list[tuple[int, int, int, int]]) -> FaintInk:
    """Draw boxes of left, top, width and height, each an outline."""
    mask = np.zeros((120, 240), np.uint8)
    for left, top, width, height in boxes:
        mask[top : top + height, left : left + width] = 255
        mask[top + 2 : top + height - 2, left + 1 : left + width - 1] = 0
    plane = np.where(mask > 0, 200, 0).astype(np.int16)
    return FaintInk((0.25, 0.5, 0.25), plane, mask, np.zeros_like(mask), 100.0)


def row(top: int) -> list[tuple[int, int, int, int]]:
    lefts = np.cumsum([21, *(width + 5 for width, _ in SIZES)])
    return [(int(left), top, width, height) for left, (width, height) in zip(lefts, SIZES, strict=False)]


def parts(boxes: list[tuple[int, int, int, int]]) -> Parts:
    found = parts_of(ink_of(boxes))
    assert found is not None
    return found


def test_two_rows_are_told_apart_with_their_places():
    rows = list(rows_of_letters(parts(row(20) + row(60)), 4))

    assert [letters.label.size for letters in rows] == [8, 8]
    assert {int(letters.top[0]) for letters in rows} == {20, 60}
    assert sorted(rows[0].width) == sorted(width for width, _ in SIZES)
    assert np.all(rows[0].contrast == 200)


def test_what_runs_across_runs_down_when_turned_and_across_again_when_turned_back():
    turned = parts(row(40)).turned()

    assert list(rows_of_letters(turned, 4)) == []
    (letters,) = rows_of_letters(turned.turned(), 4)
    assert letters.label.size == len(SIZES)


@pytest.mark.parametrize(
    "boxes",
    [
        [(20 + 12 * place, 20, 7, 12) for place in range(8)],  # all alike
        [(20 + 14 * place, 20, 5 + place % 4, 6 + 4 * (place % 3)) for place in range(8)],  # of any height
        [(20 + 12 * place, 20 + 9 * place, 4 + place % 5, 12) for place in range(8)],  # a stair
    ],
)
def test_what_does_not_stand_like_letters_is_no_row(boxes: list[tuple[int, int, int, int]]):
    assert list(rows_of_letters(parts(boxes), 4)) == []


def test_sides_on_the_grid_of_a_jpeg_are_blocks():
    boxes = [(8 * left, 20, 4 + 4 * (left % 3), 12) for left in range(2, 26, 2)]

    assert list(rows_of_letters(parts(boxes), 4)) == []
    assert len(list(rows_of_letters(parts(boxes), 1))) == 1


def test_parts_at_the_border_or_beside_what_is_seen_are_no_letters():
    ink = ink_of(row(20))
    beside = np.zeros_like(ink.ink)
    beside[:, :40] = ink.ink[:, :40]

    cut = parts_of(FaintInk(ink.mix, ink.plane, ink.ink, beside, ink.least))

    assert cut is not None
    assert [letters.left.min() >= 40 for letters in rows_of_letters(cut, 4)] == [True]
    assert list(rows_of_letters(parts([(left, 0, w, h) for left, _, w, h in row(0)]), 4)) == []


def test_too_few_parts_are_not_looked_at():
    assert parts_of(ink_of(row(20)[:4])) is None


@pytest.mark.parametrize("seed", range(4))
def test_parts_have_the_boxes_and_areas_that_statistics_of_the_whole_plane_have(seed: int):
    rng = np.random.default_rng(seed)
    ink = ink_of(row(20))
    speckled = cv2.bitwise_or(ink.ink, (rng.random(ink.ink.shape) < 0.01).astype(np.uint8) * 255)

    found = parts_of(FaintInk(ink.mix, ink.plane, speckled, ink.beside_seen, ink.least))

    _, _, expected, _ = cv2.connectedComponentsWithStats(speckled, connectivity=8)
    assert found is not None
    boxes = np.column_stack([found.left, found.top, found.width, found.height, found.area])[1:]
    assert sorted(map(tuple, boxes)) == sorted(map(tuple, expected[1:]))


def test_ink_without_anything_shaped_like_letters_is_not_counted():
    specks = [(left, top, 2, 2) for left in range(10, 200, 10) for top in range(10, 100, 10)]

    assert parts_of(ink_of(specks)) is None
