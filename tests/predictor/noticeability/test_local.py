import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from calibration.image import Image
from predictor.noticeability.bands import SIGNS, measure, to_opponent
from predictor.noticeability.local import KINDS, MEMBERS, LocalView, look_closely
from predictor.noticeability.network import JndNetwork
from predictor.views import PairView, Place, ReferenceView

FAMILIES = 4
SIDE = 96


@pytest.fixture(scope="module")
def network() -> JndNetwork:
    torch.manual_seed(0)
    return JndNetwork(FAMILIES).eval()


def picture() -> np.ndarray:
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    pixels = np.stack(
        [120 + 40 * np.sin(x / 5), 120 + 40 * np.cos(y / 7), 130 + 20 * np.sin((x + y) / 9)], axis=2
    )
    return pixels.astype(np.uint8)


def look(network: JndNetwork, distorted: np.ndarray, **fields: Place) -> LocalView:
    view = PairView(ReferenceView(Image(picture())), Image(distorted.astype(np.uint8)))
    return look_closely(network, replace(view, **fields), [0.0] * FAMILIES)


def test_identical_pictures_are_worth_nothing_anywhere(network: JndNetwork):
    found = look(network, picture())

    assert found.log_size == -math.inf
    assert not found.maps.any()
    assert found.shares == (0.0,) * len(KINDS)
    assert not found.signs.any()


def test_a_change_is_worth_most_where_it_is(network: JndNetwork):
    changed = picture()
    changed[60:76, 8:24] += 30

    found = look(network, changed)

    total = found.maps.sum(axis=0)
    row, column = np.unravel_index(total.argmax(), total.shape)
    assert total.shape == (SIDE, SIDE)
    assert 56 <= row < 80
    assert 4 <= column < 28
    assert total[:40, 60:].max() < 0.2 * total.max()


def test_the_size_is_the_networks_own(network: JndNetwork):
    changed = picture() + np.random.default_rng(0).integers(0, 9, (SIDE, SIDE, 3), dtype=np.uint8)

    found = look(network, changed)

    pair = [to_opponent(np.stack([pixels])) for pixels in (picture(), changed)]
    with torch.inference_mode():
        expected = network(measure(*pair), torch.zeros(1, FAMILIES)).log_size
    assert found.log_size == pytest.approx(float(expected))
    assert sum(found.shares) == pytest.approx(1.0)
    assert min(found.shares) >= 0


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (np.random.default_rng(0).choice([-9, 9], (SIDE, SIDE, 1)), "fine"),
        (np.full((1, 1, 1), 12), "light"),
        (np.array([[[12, -6, 0]]]), "colour"),
    ],
)
def test_the_kind_that_changed_has_the_largest_share(network: JndNetwork, change: np.ndarray, kind: str):
    found = look(network, picture().astype(int) + change)

    assert KINDS[int(np.argmax(found.shares))] == kind


def test_a_shift_alike_everywhere_has_a_flat_map(network: JndNetwork):
    found = look(network, picture().astype(int) + 10)

    light = found.maps[KINDS.index("light")]
    assert light.std() < 0.05 * light.mean()


def test_the_view_keeps_its_place_and_its_signs(network: JndNetwork):
    place = Place(0.25, 0.5, 0.5, 0.25)

    found = look(network, picture() + 5, place=place)

    assert found.place == place
    assert found.signs.shape == (SIGNS,)
    assert found.signs[-3] > 0  # lighter


def test_the_kinds_share_out_every_octave_and_channel_once():
    cells = [
        (octave, channel)
        for octaves, channels in MEMBERS
        for octave in octaves
        for channel in range(3)[channels]
    ]

    assert len(KINDS) == len(MEMBERS)
    assert sorted(cells) == [(octave, channel) for octave in range(5) for channel in range(3)]
