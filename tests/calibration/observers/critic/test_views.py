import numpy as np
import pytest

from calibration.image import Image
from calibration.observers.critic.views import LONG_SIDE, SIDE, VIEWS, cut


def picture(width: int, height: int) -> Image:
    return Image(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("size", [(512, 512), (192, 192), (640, 300), (3000, 2000)])
def test_a_picture_becomes_the_whole_and_four_pieces_of_one_size(size: tuple[int, int]):
    views = cut(picture(*size))

    assert len(views) == VIEWS == 5
    assert {(view.width, view.height) for view in views} == {(SIDE, SIDE)}


def test_pieces_are_the_pixels_as_they_are_out_of_the_middle_of_each_quarter():
    image = picture(512, 480)

    _, *pieces = cut(image)

    corners = [(24, 32), (24, 288), (264, 32), (264, 288)]
    for piece, (top, left) in zip(pieces, corners, strict=True):
        assert np.array_equal(piece.pixels, image.pixels[top : top + SIDE, left : left + SIDE])


def test_a_large_picture_is_reduced_before_pieces_are_cut():
    even = Image(np.full((1500, 3 * LONG_SIDE, 3), 90, np.uint8))
    lines = np.zeros((1024, 2048, 3), np.uint8)
    lines[:, ::2] = 255  # at half the size, grey

    assert all((view.pixels == 90).all() for view in cut(even))
    assert all(120 < view.pixels.mean() < 135 and view.pixels.std() < 10 for view in cut(Image(lines)))


@pytest.mark.parametrize("size", [(191, 600), (32, 32), (1, 900), (20_000, 200)])
def test_a_small_picture_or_a_long_strip_is_looked_at_as_a_whole_only(size: tuple[int, int]):
    (view,) = cut(picture(*size))

    assert (view.width, view.height) == (SIDE, SIDE)
