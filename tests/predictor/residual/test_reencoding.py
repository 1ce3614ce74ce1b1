import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png, encode_webp, resize
from predictor.artifact import ArtifactError, default_directory, read_part
from predictor.residual.detector import codec_of
from predictor.residual.reencoding import ReencodingJudge
from predictor.residual.strata import CONTAINERS


@pytest.fixture(scope="module")
def judge():
    return ReencodingJudge.from_tensors(read_part(default_directory(), "residual").tensors)


@pytest.fixture
def original():
    return Image(data.astronaut()[:320, :400])


def judged(judge, original, encoded):
    decoded = decode(encoded)
    return judge.judge(original, decoded.image, codec_of(decoded.source))


@pytest.mark.parametrize("quality", [40, 60, 75, 85, 95])
def test_a_jpeg_of_the_same_picture_is_a_reencoding(judge, original, quality):
    assert judged(judge, original, encode_jpeg(original, quality)).p_value > 0.01


def test_webp_and_resized_copies_are_reencodings(judge, original):
    half = resize(original, 200, 160, "lanczos")

    assert judged(judge, original, encode_webp(original, 80)).p_value > 0.01
    assert judged(judge, original, encode_png(half)).p_value > 0.01
    assert judged(judge, original, encode_jpeg(half, 80)).p_value > 0.01


def test_equal_pixels_are_certainly_a_reencoding(judge, original):
    finding = judged(judge, original, encode_png(original))

    assert finding.p_value == 1.0
    assert finding.unexplained == 0.0


@pytest.mark.parametrize("strength", [6, 12])
def test_a_tinted_spot_is_an_edit(judge, original, strength):
    rows, columns = np.mgrid[0 : original.height, 0 : original.width]
    weight = np.exp(-((rows - 100) ** 2 + (columns - 220) ** 2) / (2 * 40.0**2))[..., None]
    tint = weight * strength * np.array([1.0, 0.25, -1.0])
    edited = Image(np.clip(np.rint(original.pixels + tint), 0, 255).astype(np.uint8))

    assert judged(judge, original, encode_png(edited)).p_value <= 0.01


def test_sign_noise_is_an_edit(judge, original):
    noise = np.random.default_rng(0).choice([-4, 4], original.pixels.shape)
    edited = Image(np.clip(original.pixels + noise, 0, 255).astype(np.uint8))

    assert judged(judge, original, encode_png(edited)).p_value <= 0.01


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (9, 9)])
def test_tiny_pictures_are_judged_without_failing(judge, shape):
    first = Image(np.full((*shape, 3), 100, dtype=np.uint8))
    second = Image(np.full((*shape, 3), 101, dtype=np.uint8))

    assert 0 < judged(judge, first, encode_png(second)).p_value <= 1


def test_missing_arrays_are_refused():
    with pytest.raises(ArtifactError, match="re-encoding"):
        ReencodingJudge.from_tensors({})


def test_every_kind_of_version_has_enough_to_tell_one_in_a_thousand(judge):
    sizes = judge.calibration_sizes()

    assert {name: sizes.pop(name) > 5000 for name in ("same_size", "resized")} == {
        "same_size": True,
        "resized": True,
    }
    assert set(sizes) == {f"{pool} {each}" for pool in ("same_size", "resized") for each in CONTAINERS}
    assert min(sizes.values()) >= 1700


def test_an_edit_beyond_doubt_is_rarer_than_one_in_a_thousand(judge, original):
    noise = np.random.default_rng(0).choice([-8, 8], original.pixels.shape)
    edited = Image(np.clip(original.pixels + noise, 0, 255).astype(np.uint8))

    finding = judged(judge, original, encode_png(edited))

    assert finding.p_value <= 0.001
    assert finding.stratum == "same_size lossless"


def test_a_stratum_that_was_not_calibrated_takes_the_calibration_over_all(original):
    tensors = read_part(default_directory(), "residual").tensors
    pooled = {name: each for name, each in tensors.items() if not name.endswith(CONTAINERS)}

    finding = judged(ReencodingJudge.from_tensors(pooled), original, encode_jpeg(original, 60))

    assert finding.stratum == "same_size"
    assert finding.p_value > 0.01
