import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, resize
from gateway.detection.codec_grain import codec_grain
from predictor.residual.strata import Codec

CAT = Image(data.chelsea())


def of_jpeg(quality: int) -> Codec:
    return Codec(is_lossless=False, jpeg_quality=quality)


def of_whole(version: Image, codec: Codec, size: Image) -> np.ndarray | None:
    return codec_grain(version, codec, (size.width, size.height), slice(None), slice(None))


def strength(grain: np.ndarray) -> float:
    return float(np.sqrt(np.square(grain).mean()))


@pytest.mark.parametrize("quality", [75, 80, 90, 95])
def test_grain_is_as_strong_as_what_storing_put_off(quality):
    version = decode(encode_jpeg(CAT, quality)).image
    put_off = version.pixels.astype(np.float32) - CAT.pixels

    grain = of_whole(version, of_jpeg(quality), CAT)

    assert grain is not None
    assert strength(grain) == pytest.approx(strength(put_off), rel=0.35)


def test_it_fades_as_the_picture_is_shrunk():
    version = decode(encode_jpeg(CAT, 80)).image
    half = resize(version, CAT.width // 2, CAT.height // 2, "area")

    small, large = (of_whole(version, of_jpeg(80), each) for each in (half, version))

    assert small is not None and large is not None
    assert small.shape == (half.height, half.width, 3)
    assert strength(small) < 0.8 * strength(large)


@pytest.mark.parametrize("codec", [Codec(is_lossless=True), Codec(is_lossless=False), of_jpeg(60)])
def test_lossless_pictures_have_none_and_that_of_others_is_not_known_or_hides_too_much(codec):
    assert of_whole(CAT, codec, CAT) is None


def test_a_picture_of_less_than_two_blocks_has_none():
    small = Image(np.zeros((15, 40, 3), np.uint8))

    assert of_whole(small, of_jpeg(80), small) is None


def test_a_place_has_the_grain_that_is_there_in_the_whole():
    version = decode(encode_jpeg(CAT, 80)).image
    size, place = (CAT.width // 2, CAT.height // 2), (slice(40, 100), slice(50, 400))  # beyond the border

    part = codec_grain(version, of_jpeg(80), size, *place)
    whole = codec_grain(version, of_jpeg(80), size, slice(None), slice(None))

    assert part is not None and whole is not None
    assert part.shape == whole[place].shape
    assert strength(part) == pytest.approx(strength(whole[place]), rel=0.15)
