import numpy as np
import pytest
import torch
from skimage import data

from predictor.learning.residual.encodings import jpeg
from predictor.learning.residual.forging import attack, stem_network
from predictor.learning.residual.hardening import hardened, soft_jpeg

PICTURE = np.ascontiguousarray(data.astronaut()[40:205, 120:290])  # sides that are no multiple of 16


def seen(pixels):
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255.0


def test_the_imitation_damages_as_much_as_jpeg_does_and_less_at_better_quality():
    damage = []
    for quality in (70, 85, 95):
        imitated = 255.0 * (soft_jpeg(seen(PICTURE), quality) - seen(PICTURE)).numpy()
        real = jpeg(PICTURE, quality).astype(float) - PICTURE
        damage.append(np.sqrt(np.mean(imitated**2)))
        assert damage[-1] == pytest.approx(np.sqrt(np.mean(real**2)), rel=0.5)

    assert damage[0] > damage[1] > damage[2]


def test_gradients_come_back_through_it():
    pictures = seen(PICTURE).requires_grad_(True)

    soft_jpeg(pictures, 80).square().sum().backward()

    assert pictures.grad is not None
    assert bool(torch.isfinite(pictures.grad).all())
    assert float(pictures.grad.abs().mean()) > 0


def test_what_jpeg_would_round_away_draws_no_gradient():
    stripes = torch.tensor([1.0, -1.0]).repeat(32)[None, None, None]  # the highest frequency there is

    def slope(height):
        amount = torch.tensor(height, requires_grad=True)
        pattern = soft_jpeg((0.5 + amount * stripes).expand(1, 3, 64, 64), 90)
        return abs(float(torch.autograd.grad((pattern * stripes).mean(), amount)[0]))

    assert slope(0.0004) < 0.05  # a tenth of a grey level: far below half a step
    assert np.mean([slope(float(height)) for height in np.linspace(0.03, 0.09, 13)]) > 0.1


def test_attacks_on_a_hardened_network_keep_their_bound():
    network = stem_network(side=64, kernel=7, stride=2, seed=3)
    rng = np.random.default_rng(0)

    added = attack(hardened(network, rng), PICTURE[None], eps=8, steps=2, method="pgd", rng=rng)

    assert 4 < np.abs(added).max() <= 8


def test_every_look_is_another():
    network = hardened(lambda pictures: pictures.mean(dim=(2, 3)), np.random.default_rng(1))

    first, second = (network(seen(PICTURE)) for _ in range(2))

    assert not torch.equal(first, second)
    assert torch.allclose(first, second, atol=0.05)
