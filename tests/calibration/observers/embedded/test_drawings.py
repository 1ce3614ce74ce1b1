import numpy as np
import pytest

from calibration.observers.embedded.drawings import DRAWINGS

EVERY = pytest.mark.parametrize("draw", DRAWINGS.values(), ids=list(DRAWINGS))


@EVERY
def test_two_drawings_of_one_thing_differ_in_more_than_a_few_pixels(draw):
    rng = np.random.default_rng(0)

    first, second = draw(rng), draw(rng)

    assert first.shape == second.shape == (96, 96, 3)
    assert first.dtype == np.uint8
    assert (first != second).any(axis=2).mean() > 0.1


@EVERY
def test_a_seed_fixes_the_drawing(draw):
    first, second = (draw(np.random.default_rng(7)) for _ in range(2))

    assert np.array_equal(first, second)


@EVERY
@pytest.mark.parametrize("seed", range(5))
def test_something_is_to_be_seen_and_nothing_is_cut_off_in_pure_black(draw, seed: int):
    pixels = draw(np.random.default_rng(seed))

    assert pixels.std(axis=(0, 1)).max() > 4
    assert (pixels.sum(axis=2) == 0).mean() < 0.05


@pytest.mark.parametrize("name", ["checkerboard", "stripes"])
def test_patterns_have_two_colours_far_apart(name: str):
    for seed in range(5):
        colours = np.unique(DRAWINGS[name](np.random.default_rng(seed)).reshape(-1, 3), axis=0).astype(int)

        assert len(colours) == 2
        assert np.abs(colours[0] - colours[1]).sum() > 190


def test_a_house_stands_on_the_ground_under_the_sky():
    pictures = [DRAWINGS["house"](np.random.default_rng(seed)).astype(int) for seed in range(5)]

    for pixels in pictures:
        top, bottom = pixels[:8, 0].mean(axis=0), pixels[-8:, 0].mean(axis=0)
        assert top[2] > bottom[2]  # the sky is bluer
