import numpy as np

from calibration.image import Image
from predictor.critic.authenticity import OriginNetwork, judge


def test_a_temperature_brings_a_probability_towards_one_half():
    network = OriginNetwork()
    picture = Image(np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8))

    sharp, mild = (judge(network, picture, temperature=temperature) for temperature in (0.01, 10.0))

    assert sharp is not None
    assert mild is not None
    assert abs(mild - 0.5) < abs(sharp - 0.5)


def test_other_sizes_than_the_trained_one_are_not_judged():
    picture = Image(np.zeros((33, 32, 3), np.uint8))

    assert judge(OriginNetwork(), picture, temperature=1.0) is None
