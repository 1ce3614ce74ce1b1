"""What is learned from is what is sent."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.encoders import ENCODERS, JPEG, Encoder, lossy
from calibration.image import Image, encode_png
from predictor.learning.answer_change.ladder import (
    LADDER,
    Rung,
    camera_source,
    compare_answers,
    deliver,
    random_rung,
)

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
    toy = Encoder("toy", "png", (50,), lambda image, _: encode_png(image), longest_side=10_000)

    drawn = {random_rung(np.random.default_rng(seed), (*ENCODERS, toy)).encoder.name for seed in range(100)}

    assert "toy" in drawn


def test_a_delivery_has_the_size_its_rung_says():
    version = deliver(PHOTO, Rung(JPEG, 75, 0.5))

    assert (version.image.width, version.image.height) == (160, 120)
    assert version.size_bytes < deliver(PHOTO, replace(Rung(JPEG, 75), scale=1.0)).size_bytes


def test_the_ladder_delivers_smaller_files_of_the_same_shape(tmp_path: Path):
    (tmp_path / "photo.png").write_bytes(encode_png(PHOTO))
    source = camera_source(tmp_path / "photo.png")

    sizes = {rung.name: deliver(source.image, rung) for rung in LADDER}

    assert len(sizes) == len(LADDER)
    assert sizes["jpeg30"].size_bytes < sizes["jpeg60"].size_bytes < source.size_bytes
    half = sizes["jpeg75x0.5"].image
    assert (half.width, half.height) == (160, 120)


def test_answers_are_compared_as_distributions():
    original = np.log(np.array([[0.6, 0.3, 0.1], [0.5, 0.4, 0.1]], np.float32))
    version = np.log(np.array([[0.6, 0.3, 0.1], [0.3, 0.6, 0.1]], np.float32))

    found = compare_answers(original, version)

    assert found.has_changed.tolist() == [False, True]
    assert found.margin == pytest.approx([0.3, 0.1], abs=1e-6)
    expected = 0.5 * np.log(0.5 / 0.3) + 0.4 * np.log(0.4 / 0.6)
    assert found.divergence == pytest.approx([0.0, expected], abs=1e-6)


@pytest.mark.parametrize("shape", [(2, 1), (2,)])
def test_one_possible_answer_or_nan_cannot_be_compared(shape: tuple[int, ...]):
    with pytest.raises(ValueError, match="answers >= 2"):
        compare_answers(np.zeros(shape, np.float32), np.zeros(shape, np.float32))
    with pytest.raises(ValueError, match="NaN"):
        compare_answers(np.full((1, 3), np.nan, np.float32), np.zeros((1, 3), np.float32))
