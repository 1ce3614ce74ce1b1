from dataclasses import replace

import numpy as np
import pytest
import torch

from calibration.image import Image
from calibration.profile import default_profile
from predictor.artifact import default_directory, read_part
from predictor.learning.dataset import FAMILIES, Pair, PairSet, pair_set
from predictor.learning.noticeability.sizing import SMALLEST, size_pairs
from predictor.noticeability.model import link_of
from predictor.noticeability.network import JndNetwork
from predictor.noticeability.settings import settings_from_card

PART = read_part(default_directory(), "noticeability")
SETTINGS = settings_from_card(PART.card["settings"])
PROFILE = replace(default_profile("made up"), input_side=96)


@pytest.fixture(scope="module")
def network() -> JndNetwork:
    found = JndNetwork(len(SETTINGS.families))
    found.load_state_dict(dict(PART.tensors))
    return found.eval()


def pairs_of(*changes: int) -> PairSet:
    pixels = np.random.default_rng(0).integers(40, 200, (96, 96, 3), dtype=np.uint8)
    pairs = [
        Pair(Image(pixels), Image((pixels + change).astype(np.uint8)), f"{at}.png", 0, 1.0)
        for at, change in enumerate(changes)
    ]
    return pair_set(pairs, np.zeros((len(pairs), len(FAMILIES))), np.linspace(0, 1, len(pairs)))


def test_identical_pictures_have_the_smallest_size_and_more_damage_a_larger_one(network: JndNetwork):
    found = size_pairs(network, pairs_of(0, 5, 20, 50), PROFILE, SETTINGS)

    assert found.log_sizes[0] == SMALLEST
    assert found.log_sizes.tolist() == sorted(found.log_sizes.tolist())
    assert found.log_sizes[1] > SMALLEST + 3


def test_sizes_stand_beside_the_answers_and_what_they_resemble(network: JndNetwork):
    pairs = pairs_of(0, 10, 30)

    found = size_pairs(network, pairs, PROFILE, SETTINGS)

    assert found.probabilities.tolist() == pytest.approx([0.0, 0.5, 1.0])
    assert found.photos.tolist() == pairs.photos.tolist()
    assert found.link == link_of(PROFILE)
    assert found.family_shares.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)


def test_a_model_of_smaller_thresholds_sees_the_same_pair_larger(network: JndNetwork):
    pairs = pairs_of(10, 30)
    keener = replace(pairs, shifts=pairs.shifts - np.float32(np.log(2)))

    usual, sharp = (size_pairs(network, one, PROFILE, SETTINGS) for one in (pairs, keener))

    assert sharp.log_sizes - usual.log_sizes == pytest.approx([np.log(2)] * 2, abs=1e-4)


def test_no_pairs_have_no_sizes(network: JndNetwork):
    found = size_pairs(network, pairs_of(1).take(np.zeros(1, bool)), PROFILE, SETTINGS)

    assert (len(found.log_sizes), found.family_shares.shape) == (0, (0, len(SETTINGS.families)))


def test_sizing_leaves_the_network_as_it_was(network: JndNetwork):
    before = {name: value.clone() for name, value in network.state_dict().items()}

    size_pairs(network, pairs_of(10), PROFILE, SETTINGS)

    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
