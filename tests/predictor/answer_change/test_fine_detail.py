import numpy as np
import pytest

from calibration.image import Image, resize
from predictor.answer_change.fine_detail import TILE_SIDE, change_probabilities, log_energy_lost

SCALES = (0.9, 0.75, 0.5)


def waves(frequency: float, *, side: int = 448) -> Image:
    """Return upright stripes of a frequency, in cycles a pixel, a hundred grey levels high and deep."""
    across = 128 + 100 * np.cos(2 * np.pi * frequency * np.arange(side))
    return Image(np.broadcast_to(np.rint(across)[None, :, None], (side, side, 3)).astype(np.uint8))


def noise(side: int = 448) -> Image:
    return Image(np.random.default_rng(1).integers(0, 256, (side, side, 3), dtype=np.uint8))


def test_detail_that_a_smaller_grid_holds_is_not_lost_and_finer_detail_is():
    lost = np.exp(log_energy_lost(waves(0.3), SCALES))

    # The Nyquist frequencies are .45, .375 and .25: stripes of .3 survive all but the last.
    assert lost[:2].max() < 1e-4
    assert lost[2] == pytest.approx((100 / 255) ** 2 / 2, rel=0.02)


def test_nothing_is_lost_of_a_plain_picture_nor_at_its_own_size():
    plain = Image(np.full((300, 300, 3), 90, np.uint8))

    assert np.exp(log_energy_lost(plain, SCALES)).max() < 1e-6
    assert change_probabilities(noise(), [1.0]) == [0.0]


def test_the_smaller_a_picture_and_the_more_detail_it_has_the_more_answers_change():
    fine, soft = (change_probabilities(each, SCALES) for each in (noise(), resize(noise(90), 448, 448)))

    assert fine == sorted(fine)
    assert soft == sorted(soft)
    assert all(one > 2 * other for one, other in zip(fine, soft, strict=True))


def test_each_part_of_a_picture_is_judged_by_itself():
    half = noise()
    half.pixels[:, TILE_SIDE:] = 128

    lost = log_energy_lost(half, [0.5])[0].reshape(3, 3)  # rows, columns

    assert (lost[:, 0] - lost[:, 2] > 5).all()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 900), (225, 3)])
def test_pictures_smaller_than_a_tile_are_judged_too(height: int, width: int):
    picture = Image(np.random.default_rng(2).integers(0, 256, (height, width, 3), dtype=np.uint8))

    chances = change_probabilities(picture, SCALES)

    assert all(0.0 <= chance <= 1.0 for chance in chances)
