import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png
from calibration.profile import default_profile
from gateway.detection.inspector import Inspector
from gateway.detection.protocol import Examined, NotExaminableError
from gateway.detection.reference import ReferenceDetector
from predictor.predict import Predictor

PREDICTOR = Predictor.load()
CAT = Image(data.chelsea())


def examined(encoded: bytes) -> Examined:
    return Examined.by_itself(decode(encoded), encoded, default_profile())


def outcome(encoded: bytes) -> str:
    return Inspector([ReferenceDetector(PREDICTOR, CAT)], 0.01).inspect(examined(encoded)).outcome


def test_a_pair_of_equal_pictures_is_clean():
    found = ReferenceDetector(PREDICTOR, CAT).examine(examined(encode_png(CAT)))

    assert (found.p_value, found.jnd_ratio) == (1.0, 0.0)
    assert outcome(encode_png(CAT)) == "clean"


def test_a_reencoded_pair_is_clean():
    assert outcome(encode_jpeg(CAT, 80)) == "clean"


def test_noise_no_codec_explains_is_an_edit():
    noise = np.random.default_rng(0).choice([-3, 3], CAT.pixels.shape)
    noisy = Image(np.clip(CAT.pixels + noise, 0, 255).astype(np.uint8))

    assert outcome(encode_png(noisy)) in {"imperceptible_edit", "noticeable_edit"}


def test_another_picture_is_said_to_be_one():
    mirrored = Image(np.ascontiguousarray(CAT.pixels[:, ::-1]))

    found = ReferenceDetector(PREDICTOR, CAT).examine(examined(encode_png(mirrored)))

    assert found.explanation == "It shows another picture than the reference."


def test_a_pair_of_different_shapes_cannot_be_examined():
    cut = encode_png(Image(np.ascontiguousarray(CAT.pixels[:100])))

    with pytest.raises(NotExaminableError, match="cannot be compared"):
        ReferenceDetector(PREDICTOR, CAT).examine(examined(cut))
    assert outcome(cut) == "unchecked"
