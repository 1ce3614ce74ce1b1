import numpy as np
import pytest
from skimage import data

from predictor.learning.residual.samples import take_sample, tile_pairs
from predictor.residual.features import PictureTooSmallError
from predictor.residual.strata import Codec

PNG, JPEG = Codec(is_lossless=True), Codec(is_lossless=False, jpeg_quality=90)


def twins(pixels, codec):
    attacked = np.clip(pixels.astype(int) + 3, 0, 255).astype(np.uint8)
    return [
        take_sample(one, codec, is_attacked=is_last) for one, is_last in ((pixels, False), (attacked, True))
    ]


def test_a_pair_holds_the_benign_tile_first_and_the_same_tile_attacked():
    samples = twins(data.astronaut()[:256, :256], PNG) + twins(data.coffee()[:256, :256], JPEG)

    tiles, codecs = tile_pairs(samples)

    assert tiles.shape[1:] == (2, 96, 96, 3)
    assert len(tiles) == len(codecs)
    assert set(codecs[:, 0]) == {0.0, 1.0}
    raised = tiles[:, 1].astype(int).mean(axis=(1, 2, 3)) - tiles[:, 0].mean(axis=(1, 2, 3))
    assert np.median(raised) > 2


def test_a_picture_of_one_tile_is_one_pair_and_a_smaller_one_is_refused():
    assert len(tile_pairs(twins(data.astronaut()[:96, :96], PNG))[0]) == 1
    with pytest.raises(PictureTooSmallError):
        twins(data.astronaut()[:95, :95], PNG)
