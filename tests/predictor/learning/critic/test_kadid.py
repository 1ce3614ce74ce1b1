import numpy as np
import pytest
from skimage import data

from calibration.image import Image
from predictor.learning.critic.kadid import KINDS, LEVELS, damaged

_GROWING = [kind for kind in KINDS if kind not in {18, 20, 21, 23, 25}]  # those not by steps of one strength


@pytest.mark.parametrize("kind", _GROWING)
def test_more_level_changes_more(kind: int):
    image = Image(np.ascontiguousarray(data.astronaut()[128:320, 128:320]))

    changes = [
        float(
            np.abs(
                damaged(image, kind=kind, level=level, rng=np.random.default_rng(0)).pixels
                - 1.0 * image.pixels
            ).mean()
        )
        for level in range(1, LEVELS + 1)
    ]

    assert changes == sorted(changes)
    assert changes[0] < changes[-1]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_damage_keeps_the_size(kind: int):
    image = Image(np.ascontiguousarray(data.coffee()[:100, :150]))

    assert damaged(image, kind=kind, level=3, rng=np.random.default_rng(0)).pixels.shape == (100, 150, 3)


def test_the_type_that_needs_a_network_is_not_known():
    with pytest.raises(LookupError, match="15"):
        damaged(Image(data.coffee()), kind=15, level=1, rng=np.random.default_rng(0))
