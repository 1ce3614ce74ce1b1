import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png
from calibration.profile import default_profile
from gateway.detection.protocol import Examined, NotExaminableError
from gateway.detection.residual import ResidualDetector
from predictor.predict import Predictor
from predictor.residual.detector import ResidualFinding

PROFILE = default_profile()


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load()


def examined(encoded: bytes) -> Examined:
    return Examined.by_itself(decode(encoded), encoded, PROFILE)


def test_the_evidence_is_what_the_predictor_finds_and_knows_nothing_of_jnds(predictor: Predictor):
    seen = examined(encode_jpeg(Image(data.chelsea()), 90))

    evidence = ResidualDetector(predictor).examine(seen)

    finding: ResidualFinding = predictor.residual(seen.decoded.image, seen.decoded.source)
    assert (evidence.kind, evidence.jnd_ratio) == ("residual", None)
    assert (evidence.score, evidence.p_value) == (finding.score, finding.p_value)
    assert evidence.explanation == finding.explanation


def test_noise_added_to_a_photograph_is_less_likely_by_chance(predictor: Predictor):
    added = 12 * np.random.default_rng(0).choice([-1, 1], data.chelsea().shape)
    noisy = np.clip(data.chelsea() + added, 0, 255).astype(np.uint8)
    detector = ResidualDetector(predictor)

    clean, edited = (detector.examine(examined(encode_png(Image(one)))) for one in (data.chelsea(), noisy))

    assert edited.p_value < clean.p_value
    assert edited.score > clean.score


@pytest.mark.parametrize("shape", [(1, 1), (47, 400), (400, 20)])
def test_a_picture_too_small_to_judge_is_told(predictor: Predictor, shape: tuple[int, int]):
    small = encode_png(Image(np.zeros((*shape, 3), np.uint8)))

    with pytest.raises(NotExaminableError, match="Too small to examine"):
        ResidualDetector(predictor).examine(examined(small))


def test_a_pattern_that_it_was_never_taught_is_told_instead_of_judged(predictor: Predictor):
    rows, columns = np.mgrid[:320, :400].astype(np.float64)
    wave = 127 + 120 * np.cos(columns * 1.3) * np.cos(columns * 1.33 + rows * 0.1)
    moire = Image(np.repeat(wave.astype(np.uint8)[..., None], 3, axis=2))
    seen = examined(encode_png(moire))

    assert predictor.residual(moire, seen.decoded.source).p_value < 0.01
    with pytest.raises(NotExaminableError, match="pattern"):
        ResidualDetector(predictor).examine(seen)
