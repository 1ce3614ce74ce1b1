import numpy as np
import pytest

from calibration.image import Image, ImageError, encode_png
from calibration.image_source import DecodeLimits
from predictor.critic.critic import NotJudgedError
from predictor.critic.file_critic import FileCritic
from predictor.critic.provenance import ProvenanceReader
from tests.predictor.critic.files import PLACE, packet, png
from tests.predictor.critic.stand_in import StandInCritic

CRITIC = FileCritic(StandInCritic(), ProvenanceReader())


def flat(width: int, height: int, level: int = 128) -> bytes:
    return encode_png(Image(np.full((height, width, 3), level, np.uint8)))


def test_pixels_are_judged_and_the_file_is_read():
    found = CRITIC.judge(png(xmp=packet(f'x:DigitalSourceType="{PLACE}trainedAlgorithmicMedia"')))

    assert found.provenance.told == ("generated", "claimed")
    assert found.generated_probability is None


def test_a_flat_picture_is_judged():
    assert CRITIC.judge(flat(32, 32)).mos == pytest.approx(50.2, abs=0.1)


def test_what_is_too_small_too_large_or_no_picture_is_told():
    with pytest.raises(NotJudgedError, match="got 4x40"):
        CRITIC.judge(flat(4, 40))
    with pytest.raises(ImageError, match="pixels"):
        CRITIC.judge(flat(64, 64), DecodeLimits(max_pixels=1_000))
    for data in (b"", b"nothing", flat(32, 32)[:60]):
        with pytest.raises(ImageError):
            CRITIC.judge(data)
