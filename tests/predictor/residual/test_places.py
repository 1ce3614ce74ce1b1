import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_png
from predictor.learning.residual.forging import attack, patch_network
from predictor.predict import Predictor

PREDICTOR = Predictor.load()
SOURCE = decode(encode_png(Image(np.zeros((8, 8, 3), np.uint8)))).source


def test_an_attacked_half_is_more_suspicious_than_the_other():
    pixels = np.ascontiguousarray(data.chelsea()[:, :300])
    network = patch_network(side=96, patch=16, seed=7)
    added = attack(network, pixels[None], eps=8, steps=6, method="pgd", rng=np.random.default_rng(0))[0]
    added[:, 150:] = 0
    attacked = Image(np.clip(pixels + added, 0, 255).astype(np.uint8))

    found = PREDICTOR.residual_map(attacked, SOURCE)

    half = found.shape[1] // 2
    assert found[:, :half].mean() > found[:, half + 1 :].mean() + 2.0


@pytest.mark.parametrize("shape", [(96, 96), (97, 700), (1500, 2000), (130, 131)])
def test_the_map_covers_every_shape_with_few_parts(shape):
    found = PREDICTOR.residual_map(Image(np.full((*shape, 3), 100, np.uint8)), SOURCE)

    assert found.ndim == 2
    assert 1 <= found.size <= 64
    assert np.isfinite(found).all()


def test_what_is_too_small_for_parts_has_none():
    assert PREDICTOR.residual_map(Image(np.zeros((95, 300, 3), np.uint8)), SOURCE).tolist() == [[0.0]]
