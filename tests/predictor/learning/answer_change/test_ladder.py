"""What is learned from is what is sent."""

from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from calibration.encoders import ENCODERS, JPEG, Encoder, lossy
from calibration.image import Image, encode_png
from predictor.learning.answer_change.ladder import LADDER, Rung, deliver, random_rung

PHOTO = Image(np.ascontiguousarray(data.chelsea()[:240, :320]))


@pytest.mark.parametrize("rung", LADDER, ids=lambda rung: rung.name)
def test_every_rung_is_a_setting_of_a_codec_in_the_table(rung: Rung):
    assert rung.encoder in lossy()
    assert rung.encoder.settings[0] <= rung.quality <= rung.encoder.settings[-1]
    assert 0 < rung.scale <= 1


def test_random_rungs_are_settings_of_every_lossy_codec():
    drawn = [random_rung(np.random.default_rng(seed)) for seed in range(200)]

    assert {rung.encoder for rung in drawn} == set(lossy())
    assert all(rung.quality in rung.encoder.settings for rung in drawn)


def test_a_codec_added_to_the_table_is_learned_from():
    toy = Encoder("toy", "png", (50,), lambda image, _: encode_png(image))

    drawn = {random_rung(np.random.default_rng(seed), (*ENCODERS, toy)).encoder.name for seed in range(100)}

    assert "toy" in drawn


def test_a_delivery_has_the_size_its_rung_says():
    version = deliver(PHOTO, Rung(JPEG, 75, 0.5))

    assert (version.image.width, version.image.height) == (160, 120)
    assert version.size_bytes < deliver(PHOTO, replace(Rung(JPEG, 75), scale=1.0)).size_bytes
