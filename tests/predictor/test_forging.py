import numpy as np
import pytest
import torch
from skimage import data

from predictor.forging import FORGERS, attack, forge, patch_network


@pytest.mark.parametrize("kind", sorted(FORGERS))
def test_forged_perturbations_are_whole_bounded_and_not_empty(kind):
    added = forge(kind, (80, 120), eps=5, rng=np.random.default_rng(1))

    assert added.shape == (80, 120, 3)
    assert np.abs(added).max() <= 5
    assert np.array_equal(added, np.round(added))
    assert np.abs(added).mean() > 0.3


def test_unknown_forger_is_refused_by_name():
    with pytest.raises(LookupError, match="sparse"):
        forge("nothing", (8, 8), eps=1, rng=np.random.default_rng(0))


@pytest.mark.parametrize("method", ["fgsm", "pgd", "mi"])
def test_attack_lowers_the_confidence_in_the_first_answer_within_its_bound(method):
    network = patch_network(side=96, patch=16, seed=3)
    picture = data.chelsea()[:256, :256][None]

    added = attack(network, picture, eps=8, steps=5, method=method, rng=np.random.default_rng(0))

    def log_probabilities(pixels):
        batch = torch.from_numpy(pixels.astype(np.float32)).permute(0, 3, 1, 2) / 255.0
        return network(batch)[0].log_softmax(dim=0)

    before, after = log_probabilities(picture), log_probabilities(picture + added)
    assert np.abs(added).max() <= 8
    assert after[before.argmax()] < before[before.argmax()] - 0.1
