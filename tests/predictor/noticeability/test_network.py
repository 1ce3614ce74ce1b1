import torch

from predictor.noticeability.bands import Measures, measure
from predictor.noticeability.network import JndNetwork, PairSize, in_either_order


def measured(strength: float) -> Measures:
    generator = torch.Generator().manual_seed(0)
    picture = torch.rand(4, 3, 48, 48, generator=generator)
    return measure(picture, picture + strength * torch.randn(4, 3, 48, 48, generator=generator))


def test_identical_pictures_have_no_size_whatever_the_weights():
    for seed in range(3):
        torch.manual_seed(seed)
        found = JndNetwork(5).eval()(measured(0.0), torch.zeros(4, 5))

        assert torch.isneginf(found.log_size).all()


def test_higher_thresholds_make_differences_smaller():
    network = JndNetwork(5).eval()

    usual = network(measured(0.1), torch.zeros(4, 5)).log_size
    insensitive = network(measured(0.1), torch.full((4, 5), 0.7)).log_size

    assert torch.allclose(usual - insensitive, torch.tensor(0.7), atol=1e-5)


def test_gradients_reach_every_weight():
    network = JndNetwork(5)

    found = network(measured(0.1), torch.zeros(4, 5))
    (found.log_size.sum() + found.family_logits.sum()).backward()

    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in network.parameters())


def named(log_size: float, logits: tuple[float, ...]) -> PairSize:
    return PairSize(torch.tensor([log_size]), torch.tensor([logits]))


def test_the_order_in_which_the_distortion_is_recognised_counts_more():
    sure, unsure = named(1.0, (9.0, 0.0, 0.0)), named(0.0, (0.1, 0.0, 0.0))

    assert float(in_either_order(sure, unsure)) > 0.9
    assert torch.equal(in_either_order(sure, unsure), in_either_order(unsure, sure))


def test_nothing_has_no_size_in_either_order():
    nothing = named(-torch.inf, (1.0, 0.0, 0.0))

    assert torch.isneginf(in_either_order(nothing, nothing)).all()
