import numpy as np
import pytest
from skimage import data

from calibration.image import Image
from predictor.learning.thresholds.delivery_search import Shrunk, ask_delivered, with_short_side
from predictor.noticeability.settings import Link
from predictor.thresholds.delivery import DELIVERIES
from predictor.views import model_view
from tests.predictor.masked_visibility import MaskedVisibility

LINK = Link(0.02, 0.98, 3.0)
SIDE = 64
PHOTOS = [
    Image(np.ascontiguousarray(data.astronaut()[top : top + 256, 128:384])) for top in (0, 60, 120, 250)
]


def test_a_picture_larger_than_the_input_loses_nothing_until_it_is_shrunk_that_far():
    slightly, far = (
        MaskedVisibility().label(Shrunk(PHOTOS, SIDE).pairs(0, SIDE / short))[0] for short in (200, 24)
    )

    assert slightly < 0.2
    assert far > 0.9


def test_the_search_tells_the_size_at_which_shrinking_is_noticed():
    found = ask_delivered(PHOTOS, MaskedVisibility(), side=SIDE, link=LINK)["rescale"]

    shorts = SIDE / np.exp(found.searched.log_levels)
    assert found.searched.is_measured.all()
    for photo, ratio, short in zip(PHOTOS, found.ratios, shorts, strict=True):
        sized = with_short_side(photo, ratio * SIDE)
        views = [Shrunk([sized], SIDE).pairs(0, SIDE / size)[0] for size in (1.3 * short, short / 1.3)]
        chances = MaskedVisibility().label(views)
        assert chances[0] < 0.5 < chances[1]


def test_every_delivery_is_asked_at_sizes_between_the_input_and_the_picture():
    found = ask_delivered(PHOTOS[:2], MaskedVisibility(), side=SIDE, link=LINK)

    assert set(found) == set(DELIVERIES)
    for one in found.values():
        assert ((one.ratios >= 1) & (one.ratios <= 4.05)).all()


@pytest.mark.parametrize("short", [1.0, 30.0, 1000.0])
def test_nothing_is_enlarged_and_shapes_stay(short: float):
    wide = Image(np.zeros((50, 100, 3), np.uint8))

    found = with_short_side(wide, short)

    assert found.height == min(50, short)
    assert found.width == 2 * found.height


def test_a_photograph_smaller_than_the_input_can_be_asked_about():
    small = model_view(PHOTOS[0], 20)

    found = ask_delivered([small], MaskedVisibility(), side=SIDE, link=LINK)

    assert {float(one.ratios[0]) for one in found.values()} == {1.0}
