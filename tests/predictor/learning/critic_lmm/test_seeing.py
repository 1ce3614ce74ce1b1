from copy import deepcopy

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel

from calibration.image import Image
from calibration.observers.critic.architecture import VISION_WIDTH, build_tower_config, quickened
from calibration.observers.critic.views import SIDE, whole
from calibration.observers.embedded.batches import normalise
from predictor.artifact import default_directory
from predictor.critic.network import CHANNELS, FeatureNetwork
from predictor.critic.specialist import load_specialist
from predictor.learning.critic_lmm.seeing import look, make_tower

VIEWS = [whole(Image(np.ascontiguousarray(part))).pixels for part in (data.astronaut(), data.coffee())]


@pytest.fixture(scope="module")
def network() -> FeatureNetwork:
    return load_specialist(default_directory()).network


@pytest.fixture(scope="module")
def tower(network: FeatureNetwork) -> nn.Module:
    tower = AutoModel.from_config(build_tower_config())
    make_tower(tower, network, VIEWS)
    return tower.eval()


def seen(tower: nn.Module, *views: np.ndarray) -> Tensor:
    with torch.inference_mode():
        return look(tower, normalise(list(views)))


def test_the_tower_sees_what_the_specialists_network_sees(tower: nn.Module, network: FeatureNetwork):
    moved = functional.pad(normalise(VIEWS), (1, 0, 1, 0))[:, :, :SIDE, :SIDE]
    with torch.inference_mode():
        own, _ = network(moved / 4 + 0.5)  # (2, CHANNELS, 12, 12)

    middle = seen(tower, *VIEWS)[:, 4, :CHANNELS]

    assert torch.allclose(middle, own[:, :, 3:7, 3:7].mean(dim=(2, 3)), atol=1e-4)


def test_beside_it_tells_light_and_fine_detail_place_by_place(tower: nn.Module):
    grey = np.full((SIDE, SIDE, 3), 128, np.uint8)
    noisy_corner = grey.copy()
    noise = np.random.default_rng(0).normal(0, 20, (SIDE // 3, SIDE // 3, 1))
    noisy_corner[: SIDE // 3, : SIDE // 3] = np.clip(128 + noise, 0, 255)

    even, corner, dark = seen(tower, grey, noisy_corner, grey // 2)

    light, detail = 2 * CHANNELS, 2 * CHANNELS + 9
    assert (dark[:, light] < even[:, light] - 0.3).all()
    assert corner[:, detail].argmax() == 0
    assert corner[0, detail] > 5 * corner[8, detail].abs() + 0.01


def test_the_quick_copy_sees_the_same(tower: nn.Module):
    assert seen(tower, *VIEWS).shape == (2, 9, VISION_WIDTH)
    assert torch.allclose(seen(quickened(deepcopy(tower)), *VIEWS), seen(tower, *VIEWS), atol=1e-5)
