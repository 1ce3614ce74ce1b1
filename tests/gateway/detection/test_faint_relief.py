import numpy as np
import pytest

from gateway.detection.faint_relief import TOWARDS, relief_of


def stroke() -> np.ndarray:
    """Return a mask with one stroke of two pixels."""
    mask = np.zeros((24, 24), np.int16)
    mask[4:20, 11:13] = 100
    return mask


def moved(mask: np.ndarray, down: int, across: int) -> np.ndarray:
    return np.roll(mask, (down, across), (0, 1))


@pytest.mark.parametrize("towards", TOWARDS)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_relief_gives_its_strokes_again_twice_and_a_copy_less_on_either_side(
    towards: tuple[int, int], sign: int
):
    mask = stroke()
    relief = sign * (moved(mask, *towards) - mask)

    found = relief_of(relief.astype(np.int16), towards)

    copies = moved(mask, *(3 * side for side in towards)) + moved(mask, *(-3 * side for side in towards))
    assert np.array_equal(found.filled, sign * (2 * mask - copies))
    assert found.has_sides[(mask > 0) & (copies == 0)].all()


def test_the_edge_of_something_flat_has_no_two_sides():
    flat = np.zeros((30, 40), np.int16)
    flat[8:22, 10:30] = 64

    found = relief_of(flat, (1, 1))

    assert np.abs(found.filled).max() == 3 * 64
    assert not found.has_sides[np.abs(found.filled) >= 2 * 64].any()
