import cv2
import numpy as np
import pytest
from skimage import data

from gateway.detection.scaling_planes import payload_planes

PHOTOGRAPH = cv2.GaussianBlur(cv2.resize(data.astronaut(), (900, 900)), (0, 0), 2)


def test_light_comes_first_and_a_photograph_has_no_colours_apart():
    planes = list(payload_planes(PHOTOGRAPH))

    assert len(planes) == 1
    assert np.array_equal(planes[0], cv2.cvtColor(PHOTOGRAPH, cv2.COLOR_RGB2GRAY))


@pytest.mark.parametrize("channel", [0, 2])
def test_the_difference_in_which_some_pixels_are_apart_is_given(channel: int):
    hidden = PHOTOGRAPH // 2 + 64
    hidden[100:400:3, 100:400:3, channel] ^= 64

    light, *differences = payload_planes(hidden)

    assert light.shape == (900, 900)
    assert len(differences) == 1
    expected = hidden[..., channel].astype(int) - hidden[..., 1].astype(int) + 128
    assert np.array_equal(differences[0], expected)


def test_where_much_is_of_one_bright_colour_its_difference_is_halved_and_not_cut_off():
    red = np.full((600, 600, 3), (255, 0, 0), np.uint8)
    red[::3, ::3] = (200, 28, 0)

    _, difference, _ = payload_planes(red)

    assert sorted(np.unique(difference)) == [214, 255]


def test_lines_and_edges_of_colour_are_none_apart():
    drawing = np.full((600, 600, 3), 255, np.uint8)
    drawing[:, ::40] = (255, 0, 0)
    drawing[300:, 300:] = (0, 0, 255)

    assert len(list(payload_planes(drawing))) == 1
