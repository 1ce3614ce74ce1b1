import numpy as np
import pytest
import torch
from skimage import data

from predictor.learning.residual.forging import FORGERS, attack, forge, patch_network, stem_network, universal


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


NETWORKS = {
    "patches": patch_network(side=96, patch=16, seed=3),
    "stem": stem_network(side=112, kernel=7, stride=2, seed=3),
}


@pytest.mark.parametrize("name", sorted(NETWORKS))
@pytest.mark.parametrize("method", ["fgsm", "pgd", "mi"])
def test_attack_lowers_the_confidence_in_the_first_answer_within_its_bound(method, name):
    network = NETWORKS[name]
    picture = data.chelsea()[:256, :256][None]

    added = attack(network, picture, eps=8, steps=5, method=method, rng=np.random.default_rng(0))

    def log_probabilities(pixels):
        batch = torch.from_numpy(pixels.astype(np.float32)).permute(0, 3, 1, 2) / 255.0
        return network(batch)[0].log_softmax(dim=0)

    before, after = log_probabilities(picture), log_probabilities(picture + added)
    assert np.abs(added).max() <= 8
    assert after[before.argmax()] < before[before.argmax()] - 0.05


@pytest.mark.parametrize(("style", "least_rms"), [("signs", 4.0), ("scaled", 0.5)])
def test_one_universal_perturbation_moves_many_pictures_within_its_bound(style, least_rms):
    network = patch_network(side=96, patch=16, seed=3)
    pictures = np.stack([data.chelsea()[:192, left : left + 192] for left in (0, 80, 160, 240)])

    added = universal(network, pictures, eps=8, steps=6, style=style, rng=np.random.default_rng(0))

    def log_probabilities(pixels):
        batch = torch.from_numpy(pixels.astype(np.float32)).permute(0, 3, 1, 2) / 255.0
        return network(batch).log_softmax(dim=1)

    before, after = log_probabilities(pictures), log_probabilities(pictures + added)
    answers = before.argmax(dim=1, keepdim=True)
    assert added.shape == (192, 192, 3)
    assert np.abs(added).max() == 8
    assert np.sqrt((added**2).mean()) > least_rms
    assert (after.gather(1, answers) - before.gather(1, answers)).mean() < 0
