import numpy as np
import pytest
from skimage import data

from predictor.learning.residual.benign_pictures import TREATMENTS, draw_graphic, treat


@pytest.mark.parametrize("name", sorted(TREATMENTS.keys() - {"on_screen"}))  # mostly its ground
def test_every_treatment_leaves_a_recognisable_picture(name):
    picture = data.astronaut()[:200, :248]

    treated = TREATMENTS[name](picture, np.random.default_rng(2))

    assert treated.dtype == np.uint8
    assert treated.shape[2] == 3
    assert min(treated.shape[:2]) >= 48
    assert abs(treated.mean() - picture.mean()) < 60


def test_the_same_seed_draws_the_same_pictures():
    first, second = (np.random.default_rng(5) for _ in range(2))

    for rng in (first, second):
        rng.random()
    assert np.array_equal(draw_graphic(first, 128), draw_graphic(second, 128))
    one, two = (treat(data.coffee()[:128, :128], rng) for rng in (first, second))
    assert one[1] == two[1]
    assert np.array_equal(one[0], two[0])
