import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png
from calibration.profile import default_profile
from gateway.detection.inspector import Inspector
from gateway.detection.near_duplicate import NearDuplicates
from predictor.learning.residual.forging import attack, patch_network
from predictor.predict import Predictor

PREDICTOR = Predictor.load()
PROFILE = default_profile()


def inspect(inspector, encoded, tenant=""):
    return inspector.inspect(decode(encoded), encoded, PROFILE, tenant)


@pytest.fixture
def inspector():
    return Inspector(PREDICTOR, 0.01, NearDuplicates(100, 60.0, lambda: 0.0))


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


SHAPES = [(1, 1), (1, 10_000), (10_000, 1), (47, 48), (48, 48), (49, 131), (96, 96), (97, 700)]


def made_up(kind, shape):
    """Draw pixels that no camera makes: one colour, grey noise or coloured noise."""
    if kind == "flat":
        return np.full((*shape, 3), 100, np.uint8)
    noise = np.random.default_rng(1).integers(0, 256, (*shape, 1 if kind == "grey" else 3), dtype=np.uint8)
    return np.ascontiguousarray(np.broadcast_to(noise, (*shape, 3)))


@pytest.mark.parametrize("kind", ["flat", "grey", "noise"])
@pytest.mark.parametrize("shape", SHAPES)
def test_at_first_sight_a_small_picture_is_unchecked_a_flat_one_clean_and_pure_noise_flagged(
    inspector, shape, kind
):
    verdict = inspect(inspector, encode_png(Image(made_up(kind, shape))))

    if min(shape) < 48:
        assert (verdict.outcome, verdict.evidence) == ("unchecked", ())
        assert "small" in verdict.explanation
    else:
        assert verdict.outcome == ("clean" if kind == "flat" else "imperceptible_edit")
        assert [item.kind for item in verdict.evidence] == ["residual"]


@pytest.mark.parametrize("kind", ["flat", "grey", "noise"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_outcome_of_a_changed_picture_follows_from_its_evidence(inspector, shape, kind):
    pixels = made_up(kind, shape)
    inspect(inspector, encode_png(Image(pixels)))

    verdict = inspect(inspector, encode_png(Image(np.clip(pixels, 0, 254) + np.uint8(1))))

    is_flagged = verdict.p_value <= 0.01
    is_large = verdict.jnd_ratio is not None and verdict.jnd_ratio >= 1
    edit = "noticeable_edit" if is_large else "imperceptible_edit"
    expected = "unchecked" if not verdict.evidence else edit if is_flagged else "clean"
    assert verdict.outcome == expected
    assert verdict.p_value >= min((item.p_value for item in verdict.evidence), default=1.0)
    assert verdict.explanation


def test_the_same_bytes_are_judged_alike_twice(inspector):
    encoded = encode_png(Image(made_up("noise", (97, 700))))

    assert inspect(inspector, encoded) == inspect(inspector, encoded)


def test_a_pair_of_equal_pictures_is_clean(inspector):
    image = Image(data.chelsea())

    verdict = inspector.inspect_pair(image, decode(encode_png(image)), PROFILE)

    assert (verdict.outcome, verdict.jnd_ratio) == ("clean", 0.0)


def test_a_reencoded_pair_is_clean_and_an_edited_one_is_not(inspector):
    image = Image(data.chelsea())
    noise = np.random.default_rng(0).choice([-3, 3], image.pixels.shape)
    edited = Image(np.clip(image.pixels + noise, 0, 255).astype(np.uint8))

    assert inspector.inspect_pair(image, decode(encode_jpeg(image, 80)), PROFILE).outcome == "clean"
    assert inspector.inspect_pair(image, decode(encode_png(edited)), PROFILE).outcome != "clean"


def test_a_pair_of_different_shapes_is_unchecked_with_a_reason(inspector):
    verdict = inspector.inspect_pair(
        Image(data.chelsea()), decode(encode_png(Image(data.chelsea()[:100]))), PROFILE
    )

    assert verdict.outcome == "unchecked"
    assert "compared" in verdict.explanation


def test_alpha_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="alpha"):
        Inspector(PREDICTOR, 0.0)
