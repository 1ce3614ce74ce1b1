import numpy as np
from skimage import data

from predictor.critic.network import OWN, SIDE, TAUGHT, TAUGHT_DEEP, look
from predictor.learning.critic.distilling import Taught, distil


def test_a_network_comes_closer_to_what_it_is_taught():
    rng = np.random.default_rng(0)
    views = np.stack([data.astronaut()[top : top + SIDE, :SIDE] for top in range(0, 256, 16)])
    light = views.reshape(len(views), 16, 16, 16, 16, 3).mean(axis=(2, 4, 5)) / 255
    coarse = light.reshape(len(views), 8, 2, 8, 2).mean(axis=(2, 4))
    near, deep = (
        (plane[..., None] * rng.uniform(0.5, 2, width)).astype(np.float16)
        for plane, width in ((light, TAUGHT), (coarse, TAUGHT_DEEP))
    )
    losses: list[str] = []

    network = distil(Taught(views, near, deep), steps=100, seed=0, report=losses.append)

    seen = [
        look(network, np.full((SIDE, SIDE, 3), level, np.uint8))[OWN : OWN + TAUGHT].mean()
        for level in (40, 200)
    ]
    assert seen[0] < seen[1]
    assert len(losses) == 1
