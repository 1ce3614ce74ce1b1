import numpy as np
import pytest

from calibration.image import Pixels
from gateway.detection.faint_ink import FaintInk, calm_planes, faint_inks, faint_reliefs, halved, in_steps
from tests.gateway.detection.test_faint_lines import embossed, flat, slope, written

BLUE, RED_AND_GREEN = (0.0, 0.0, 1.0), (1.0, -0.5, 0.0)


def inks(pixels: Pixels) -> list[FaintInk]:
    calm = calm_planes(halved(in_steps(pixels)))
    return [] if calm is None else list(faint_inks(calm))


@pytest.mark.parametrize("levels", [-4.0, 4.0])
def test_ink_says_in_which_mix_of_colours_it_is_more_than_its_ground(levels: float):
    sign = int(np.sign(levels))

    grey = inks(written(flat(), levels).pixels)
    blue = inks(written(flat(), levels, colour=BLUE).pixels)
    mixed = inks(written(flat(), levels, colour=RED_AND_GREEN).pixels)

    assert (sign * 0.25, sign * 0.5, sign * 0.25) in [found.mix for found in grey]
    assert (0, -sign, sign) in [found.mix for found in blue]
    assert {(sign, -sign, 0), (0, -sign, sign)} <= {found.mix for found in mixed}


def test_ink_is_where_the_plane_is_above_its_ground():
    for found in inks(written(flat(), -4.0).pixels):
        assert found.ink.shape == found.plane.shape
        assert found.plane[found.ink > 0].min() >= int(found.least) > 0


def test_ink_right_beside_what_people_see_is_marked():
    page = written(flat(), -4.0).pixels.copy()
    page[:, 330:340] = 0

    (ink,) = [found for found in inks(page) if found.mix == (-0.25, -0.5, -0.25)]

    columns = np.flatnonzero(ink.beside_seen.any(axis=0))
    assert columns.size
    assert np.abs(columns - 335 / 2).max() < 20


@pytest.mark.parametrize("levels", [-30.0, -180.0])
def test_what_people_see_leaves_no_ink(levels: float):
    assert inks(written(flat(), levels).pixels) == []


def test_the_bands_of_a_slope_are_not_as_words_are():
    assert inks(slope()) == []


@pytest.mark.parametrize("shape", [(7, 9), (8, 8), (2, 5)])
def test_halving_leaves_out_an_odd_row_or_column(shape: tuple[int, int]):
    pixels = np.arange(shape[0] * shape[1] * 3, dtype=np.uint8).reshape(*shape, 3)

    assert halved(pixels).shape == (shape[0] // 2, shape[1] // 2, 3)
    assert abs(int(halved(pixels)[0, 0, 0]) - pixels[:2, :2, 0].mean()) <= 1


def test_a_relief_is_filled_in_and_knows_where_it_has_two_sides():
    calm = calm_planes(halved(in_steps(embossed(flat(), 5.0).pixels)))

    assert calm is not None
    found = list(faint_reliefs(calm))

    assert found
    for relief in found:
        assert relief.has_sides is not None
        assert relief.turned().has_sides is not None
        assert np.array_equal(relief.turned().has_sides, relief.has_sides.T)
    most = max(
        float((relief.has_sides[: relief.ink.shape[0], : relief.ink.shape[1]][relief.ink > 0] > 0).mean())
        for relief in found
    )
    assert most > 0.7


def test_where_hardly_anything_is_smooth_nothing_is_looked_for():
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)

    assert calm_planes(halved(in_steps(noise))) is None
