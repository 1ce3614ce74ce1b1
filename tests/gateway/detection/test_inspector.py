from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png
from calibration.profile import default_profile
from gateway.detection.inspector import Inspector
from gateway.detection.near_duplicate import NearDuplicateDetector
from gateway.detection.protocol import Examined, NotExaminableError
from gateway.detection.residual import ResidualDetector
from gateway.detection.verdict import Evidence
from gateway.memory.seen_pictures import SeenPictures
from predictor.learning.residual.forging import attack, patch_network
from predictor.predict import Predictor

PREDICTOR = Predictor.load()
PROFILE = default_profile()


def inspect(inspector, encoded, tenant=""):
    examined = replace(Examined.by_itself(decode(encoded), encoded, PROFILE), tenant=tenant)
    return inspector.inspect(examined)


def both_detectors(max_entries=100):
    seen = SeenPictures(max_entries, 60.0, lambda: 0.0)
    return Inspector([ResidualDetector(PREDICTOR), NearDuplicateDetector(PREDICTOR, seen)], 0.01)


@pytest.fixture
def inspector():
    return both_detectors()


class RareModelDetector:
    """A kind of evidence nobody thought of: it knows who the image is for."""

    def examine(self, examined):
        if examined.provider != "rare":
            raise NotExaminableError("Not for this provider.")
        return Evidence(
            "rare", 1.0, 0.001, 0.2, f"{examined.model} should not see {len(examined.digest)} bytes."
        )


def test_a_detector_of_ones_own_is_one_class_and_one_entry_of_the_list():
    encoded = encode_png(Image(data.chelsea()))
    inspector = Inspector([ResidualDetector(PREDICTOR), RareModelDetector()], 0.01)
    examined = Examined.by_itself(decode(encoded), encoded, PROFILE)

    usual = inspector.inspect(examined)
    rare = inspector.inspect(replace(examined, provider="rare", model="m"))

    assert [found.kind for found in usual.evidence] == ["residual"]
    assert [found.kind for found in rare.evidence] == ["residual", "rare"]
    assert rare.outcome == "imperceptible_edit"
    assert "m should not see 32 bytes" in rare.explanation


def test_where_no_detector_can_examine_all_their_reasons_are_told():
    encoded = encode_png(Image(np.zeros((20, 20, 3), np.uint8)))
    inspector = Inspector([ResidualDetector(PREDICTOR), RareModelDetector()], 0.01)

    verdict = inspector.inspect(Examined.by_itself(decode(encoded), encoded, PROFILE))

    assert verdict.outcome == "unchecked"
    assert "Too small" in verdict.explanation
    assert "Not for this provider." in verdict.explanation


def test_a_clean_photograph_is_clean(inspector):
    verdict = inspect(inspector, encode_jpeg(Image(data.chelsea()), 90))

    assert verdict.outcome == "clean"
    assert [item.kind for item in verdict.evidence] == ["residual"]


def test_a_perturbed_photograph_is_flagged_at_first_sight(inspector):
    pixels = data.chelsea()
    network = patch_network(side=96, patch=16, seed=7)
    added = attack(network, pixels[None], eps=8, steps=6, method="pgd", rng=np.random.default_rng(0))

    verdict = inspect(inspector, encode_png(Image(np.clip(pixels + added[0], 0, 255).astype(np.uint8))))

    assert verdict.outcome == "imperceptible_edit"
    assert verdict.p_value <= 0.01
    assert verdict.jnd_ratio is None


def test_a_large_edit_of_a_known_picture_is_noticeable(inspector):
    pixels = data.chelsea().copy()
    inspect(inspector, encode_png(Image(pixels)))
    pixels[100:200, 150:300] = np.clip(pixels[100:200, 150:300].astype(int) + 70, 0, 255)

    verdict = inspect(inspector, encode_png(Image(pixels)))

    assert verdict.outcome == "noticeable_edit"
    assert verdict.jnd_ratio >= 1


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from([(1, 1), (1, 10_000), (10_000, 1), (47, 48), (48, 48), (49, 131), (96, 96), (97, 700)]),
    st.integers(0, 255),
)
def test_a_flat_picture_is_clean_or_too_small_whatever_its_shape(shape, level):
    encoded = encode_png(Image(np.full((*shape, 3), level, np.uint8)))

    verdict = inspect(both_detectors(10), encoded)

    assert verdict.outcome == ("unchecked" if min(shape) < 48 else "clean")
    assert ("small" in verdict.explanation) == (min(shape) < 48)


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from([(1, 1), (1, 10_000), (10_000, 1), (47, 48), (48, 48), (49, 131), (96, 96), (97, 700)]),
    st.sampled_from([1, 3]),
    st.integers(0, 255),
)
def test_noise_breaks_no_detector_and_what_is_known_is_compared(shape, channels, seed):
    noise = np.random.default_rng(seed).integers(0, 255, (*shape, channels), dtype=np.uint8)
    pixels = np.ascontiguousarray(np.broadcast_to(noise, (*shape, 3)))
    inspector = both_detectors(10)
    inspect(inspector, encode_png(Image(pixels)))

    verdict = inspect(inspector, encode_png(Image(pixels + 1)))

    kinds = [found.kind for found in verdict.evidence]
    assert ("residual" in kinds) == (min(shape) >= 48)
    assert "near_duplicate" in kinds or min(shape) == 1
    assert verdict.explanation


def test_alpha_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="alpha"):
        Inspector([], 0.0)
