import numpy as np
import pytest
import torch
from skimage import data

from predictor.boosted_trees import BoostedTrees
from predictor.learning.residual.fitting import calibrate_detector, fit_trees, train_network
from predictor.learning.residual.samples import Sample, take_sample
from predictor.residual.network import TileNetwork
from predictor.residual.strata import Codec

LOSSLESS = Codec(is_lossless=True)


def twins_of(count: int) -> list[Sample]:
    """Benign and attacked in turn: the attack is strong noise, which nobody could miss."""
    rng = np.random.default_rng(0)
    samples = []
    for _ in range(count):
        top, left = rng.integers(0, 200, 2)
        pixels = np.ascontiguousarray(data.astronaut()[top : top + 160, left : left + 160])
        noisy = np.clip(pixels + rng.choice([-20, 20], pixels.shape), 0, 255).astype(np.uint8)
        samples.append(take_sample(pixels, LOSSLESS, is_attacked=False))
        samples.append(take_sample(noisy, LOSSLESS, is_attacked=True))
    return samples


def test_trees_tell_apart_what_can_be_told_and_the_seed_fixes_them():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(600, 4)).astype(np.float32)
    is_attacked = rows[:, 2] > 0

    first, second = (fit_trees(rows, is_attacked, trees=20, seed=3) for _ in range(2))

    assert ((first.log_odds(rows) > 0) == is_attacked).mean() > 0.95
    assert np.array_equal(first.log_odds(rows), second.log_odds(rows))


def test_the_network_learns_an_attack_that_cannot_be_missed():
    torch.manual_seed(0)
    samples = twins_of(4)

    network = train_network(samples, steps=12, batch=3, seed=0, report=lambda _: None)

    tiles = [torch.from_numpy(one.tiles).permute(0, 3, 1, 2).float() for one in samples]
    codec = torch.tensor([[1.0, 0.0]])
    with torch.inference_mode():
        scores = [float(network(one, codec.expand(len(one), -1)).mean()) for one in tiles]
    assert not network.training
    assert np.mean(np.array(scores[1::2]) > np.array(scores[::2])) > 0.8


def test_a_network_goes_on_from_another_and_leaves_it_as_it_was():
    samples = twins_of(2)
    first = TileNetwork()
    before = first.filters.detach().clone()

    kept, learned = (
        train_network(samples, steps=steps, batch=2, seed=0, report=lambda _: None, start=first)
        for steps in (0, 2)
    )

    assert torch.equal(first.filters, before)
    assert torch.equal(kept.filters, before)
    assert not torch.equal(learned.filters, before)


def test_a_calibration_without_pictures_of_some_kind_of_file_is_refused():
    benign = [one for one in twins_of(2) if not one.is_attacked]
    trees = BoostedTrees(
        feature=np.zeros((1, 1), np.int32),
        threshold=np.zeros((1, 1), np.float32),
        children=np.zeros((1, 1, 2), np.int32),
        value=np.zeros((1, 1), np.float32),
        bias=0.0,
        depth=1,
    )

    with pytest.raises(ValueError, match=r"in every stratum, got none in \['fine JPEG"):
        calibrate_detector(TileNetwork().eval(), trees, benign)
