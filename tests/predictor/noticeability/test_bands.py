import pytest
import torch

from predictor.noticeability.bands import CONTENTS, ENERGIES, ENERGY_AXES, SIGNS, measure, split_octaves


def test_identical_views_have_exactly_no_energy():
    picture = torch.rand(2, 3, 96, 96)

    found = measure(picture, picture.clone())

    assert found.energies.shape == (2, ENERGIES)
    assert torch.count_nonzero(found.energies) == 0
    assert torch.count_nonzero(found.signs) == 0


def test_shapes_are_as_announced():
    found = measure(torch.rand(1, 3, 40, 56), torch.rand(1, 3, 40, 56))

    assert found.signs.shape == (1, SIGNS)
    assert found.content.shape == (1, CONTENTS)
    assert found.energies.shape == (1, ENERGIES)


def test_more_of_the_same_difference_is_more_energy():
    picture, difference = torch.rand(1, 3, 96, 96), 0.05 * torch.randn(1, 3, 96, 96)

    weak = measure(picture, picture + difference).energies
    strong = measure(picture, picture + 2 * difference).energies

    assert (strong > weak).all()


def test_texture_masks_a_difference():
    difference = 0.05 * torch.randn(1, 3, 96, 96)
    flat, busy = torch.full((1, 3, 96, 96), 0.5), torch.rand(1, 3, 96, 96)

    on_flat, on_busy = (
        measure(picture, picture + difference).energies.reshape(ENERGY_AXES) for picture in (flat, busy)
    )

    unmasked, masked = (on_flat / on_busy)[0, :, 0, 0]  # finest octave, its mean, luma
    assert masked > 3
    assert unmasked == pytest.approx(1, rel=0.05)


def test_a_single_pixel_can_be_measured():
    found = measure(torch.zeros(1, 3, 1, 1), torch.ones(1, 3, 1, 1))

    assert torch.isfinite(found.energies).all()
    assert found.energies.max() > 0


def test_energies_are_differentiable_at_identity():
    picture = torch.rand(1, 3, 32, 32)
    other = picture.clone().requires_grad_()

    measure(picture, other).energies.sum().backward()

    assert other.grad is not None
    assert torch.isfinite(other.grad).all()


def test_octaves_add_up_to_the_mean_in_the_last():
    picture = torch.rand(1, 3, 96, 96)

    octaves = split_octaves(picture)

    assert octaves[-1].shape[2:] == (6, 6)
    assert torch.allclose(octaves[-1].mean(), picture.mean(), atol=1e-4)
