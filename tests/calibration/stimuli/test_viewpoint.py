from collections.abc import Callable

import numpy as np
import pytest

from calibration.image import Image
from calibration.stimuli.viewpoint import ANGLE, DISTANCE, angle_degrees, distance_cm

RNG = np.random.default_rng(0)
BOTH = pytest.mark.parametrize("distortion", [ANGLE, DISTANCE], ids=["angle", "distance"])


def test_a_level_is_a_degree_or_a_centimetre():
    assert (angle_degrees(17.5), distance_cm(17.5)) == (17.5, 17.5)


@BOTH
def test_a_motion_of_nothing_changes_no_pixel(distortion, texture: Callable[[int], Image]):
    picture = texture(0)

    assert np.array_equal(distortion.damage(picture, 0.0, RNG).pixels, picture.pixels)


@BOTH
@pytest.mark.parametrize("level", [0.5, 20, 50])
def test_a_plain_wall_looks_the_same_from_everywhere(distortion, level: float):
    wall = Image(np.full((60, 80, 3), (10, 120, 250), np.uint8))

    assert np.array_equal(distortion.apply(wall, level, RNG).pixels, wall.pixels)


@BOTH
@pytest.mark.parametrize("shape", [(1, 30), (30, 1), (1, 1)])
def test_a_line_has_no_perspective(distortion, shape: tuple[int, int]):
    line = Image(np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8))

    assert np.array_equal(distortion.apply(line, 50, RNG).pixels, line.pixels)


def test_half_way_to_the_wall_things_look_twice_as_large():
    pixels = np.zeros((101, 141, 3), np.uint8)
    pixels[41:60, 61:80] = 255  # 19 x 19 around the middle

    near = DISTANCE.apply(Image(pixels), 50, RNG).pixels[..., 0] > 127

    rows, columns = np.nonzero(near)
    assert np.ptp(rows) + 1 == pytest.approx(38, abs=1)
    assert np.ptp(columns) + 1 == pytest.approx(38, abs=1)


def test_a_turn_by_half_the_view_brings_the_right_edge_to_the_middle():
    pixels = np.zeros((61, 121, 3), np.uint8)
    pixels[:, -3:] = 255

    turned = ANGLE.apply(Image(pixels), 30, RNG).pixels[30, :, 0]

    lit = np.nonzero(turned > 127)[0]
    assert abs(lit.mean() - 60) <= 3
    assert turned[:50].max() < 40


def test_a_turn_shows_what_is_nearer_to_the_turned_side_taller():
    pixels = np.zeros((101, 141, 3), np.uint8)
    pixels[40:61] = 255  # a horizontal stripe, 21 rows

    turned = ANGLE.apply(Image(pixels), 20, RNG).pixels[..., 0] > 127

    heights = turned.sum(axis=0)
    assert heights[0] > 21 > heights[-1]  # to the right the wall recedes
