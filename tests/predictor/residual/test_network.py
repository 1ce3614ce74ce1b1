import numpy as np
import pytest
import torch

from predictor.residual.network import FILTERS, TileNetwork, steganalysis_filters

LOSSLESS = torch.tensor([[1.0, 0.0]])


@pytest.fixture(scope="module")
def network() -> TileNetwork:
    torch.manual_seed(0)
    return TileNetwork().eval()


def noise(count: int = 1, side: int = 48, seed: int = 0) -> torch.Tensor:
    return 128 + 3 * torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


def score(network: TileNetwork, tiles: torch.Tensor, codec: torch.Tensor = LOSSLESS) -> np.ndarray:
    with torch.inference_mode():
        return np.asarray(network(tiles, codec.expand(len(tiles), -1)).numpy())


def test_the_first_filters_are_blind_to_what_is_flat_in_every_colour():
    filters = steganalysis_filters()

    assert filters.shape == (FILTERS, 3, 5, 5)
    assert filters.sum(dim=(2, 3)).abs().max() < 1e-6
    assert filters.abs().amax(dim=(1, 2, 3)).min() > 0
    colour = filters[8:]
    assert colour.sum(dim=1).abs().max() < 1e-6  # grey pictures have no colour noise


def test_the_best_known_filter_is_blind_to_slopes_and_curves_too():
    y, x = torch.meshgrid(torch.arange(5.0), torch.arange(5.0), indexing="ij")
    kernel = steganalysis_filters()[0, 1]  # of luma, its green

    for surface in (x, y, x * y, x**2):
        assert (kernel * surface).sum().abs() < 1e-5


@pytest.mark.parametrize("offset", [-60.0, 60.0])
def test_light_leaves_no_trace_in_the_residual_whatever_training_made_of_the_filters(
    network: TileNetwork, offset: float
):
    moved = TileNetwork().eval()
    moved.load_state_dict(network.state_dict())
    with torch.no_grad():
        moved.filters += 0.3 * torch.rand(moved.filters.shape, generator=torch.Generator().manual_seed(1))
    residuals: list[torch.Tensor] = []
    moved.body.register_forward_hook(lambda _, inputs, __: residuals.append(inputs[0][..., 2:-2, 2:-2]))

    score(moved, noise())
    score(moved, noise() + offset)

    assert residuals[0].std() > 0.5
    assert torch.allclose(*residuals, atol=1e-3)


def test_an_edge_counts_no_more_for_being_steeper_than_noise_can_be(network: TileNetwork):
    steep, steeper = (torch.full((1, 3, 48, 48), 60.0) for _ in range(2))
    steep[..., 24:], steeper[..., 24:] = 160.0, 250.0

    assert score(network, steeper) == pytest.approx(score(network, steep), abs=0.05)


def test_tiles_are_judged_one_by_one_and_by_the_file_they_come_from(network: TileNetwork):
    tiles = noise(3)

    alone = np.concatenate([score(network, tile[None]) for tile in tiles])

    assert score(network, tiles) == pytest.approx(alone, abs=1e-4)
    assert len(set(alone.tolist())) == 3
    assert score(network, tiles, torch.tensor([[0.0, 0.9]])) != pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize("side", [32, 48, 96])
def test_tiles_of_any_size_get_one_score(network: TileNetwork, side: int):
    found = score(network, noise(2, side))

    assert found.shape == (2,)
    assert np.isfinite(found).all()
