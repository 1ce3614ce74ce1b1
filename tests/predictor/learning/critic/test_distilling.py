import numpy as np
from skimage import data

from predictor.critic.network import SIDE, TAUGHT, look
from predictor.learning.critic.distilling import distil


def test_a_network_comes_closer_to_what_it_is_taught():
    rng = np.random.default_rng(0)
    views = np.stack([data.astronaut()[top : top + SIDE, :SIDE] for top in range(0, 256, 16)])
    light = views.reshape(len(views), 16, 16, 16, 16, 3).mean(axis=(2, 4, 5)) / 255
    features = (light[..., None] * rng.uniform(0.5, 2, TAUGHT)).astype(np.float16)
    losses: list[str] = []

    network = distil(views, features, steps=100, seed=0, report=losses.append)

    seen = [
        look(network, np.full((SIDE, SIDE, 3), level, np.uint8))[128 : 128 + TAUGHT].mean()
        for level in (40, 200)
    ]
    assert seen[0] < seen[1]
    assert len(losses) == 1
