import numpy as np
import pytest
from skimage import data

from predictor.learning.residual.travelled_pictures import (
    dither,
    on_screen,
    pixel_art,
    save_again,
    smooth,
    thumbnail,
)

PICTURE = np.ascontiguousarray(data.astronaut()[:301, :360])


def colours(pixels):
    return len(np.unique(pixels.reshape(-1, 3), axis=0))


@pytest.mark.parametrize("seed", range(6))
def test_pictures_saved_again_are_the_same_scene_turned_or_reduced(seed):
    again = save_again(PICTURE, np.random.default_rng(seed))

    assert min(again.shape[:2]) >= 96
    assert again.mean() == pytest.approx(PICTURE.mean(), abs=3)
    assert colours(again) > 1000


def test_pictures_are_turned_off_the_lattice_now_and_then():
    shapes = [save_again(PICTURE, np.random.default_rng(seed)).shape for seed in range(20)]

    assert any(shape[0] > shape[1] for shape in shapes)
    assert any(shape[1] > shape[0] for shape in shapes)


def test_dither_keeps_the_light_and_few_colours():
    few = []
    for seed in range(12):
        dithered = dither(PICTURE, np.random.default_rng(seed))
        assert dithered.mean() == pytest.approx(PICTURE.mean(), abs=12)
        few.append(colours(dithered) <= 256)

    assert sum(few) >= 8  # printed and scanned screens are blurred


@pytest.mark.parametrize("seed", range(4))
def test_thumbnails_have_a_shorter_side_of_96_to_200(seed):
    small = thumbnail(PICTURE, np.random.default_rng(seed))

    assert 96 <= min(small.shape[:2]) <= 200


def test_a_picture_on_a_screen_leaves_flat_ground():
    screen = on_screen(PICTURE, np.random.default_rng(0))

    _, counts = np.unique(screen.reshape(-1, 3), axis=0, return_counts=True)
    assert screen.shape == PICTURE.shape
    assert counts.max() > 0.1 * counts.sum()


def test_soft_shading_has_no_detail():
    detail = [
        np.abs(np.diff(pixels.astype(int), axis=1)).mean()
        for pixels in (smooth(PICTURE, np.random.default_rng(0)), PICTURE)
    ]

    assert detail[0] < 0.5 * detail[1]


def test_pixel_art_is_squares_of_few_colours():
    art = pixel_art(PICTURE, np.random.default_rng(0))

    assert colours(art) <= 64
    assert (np.diff(art.astype(int), axis=1) == 0).all(axis=2).mean() > 0.4
