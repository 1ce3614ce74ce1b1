import cv2
import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png, resize
from calibration.profile import default_profile
from gateway.detection.added_noise import added_noise, remembering_measure
from gateway.detection.protocol import Examined
from predictor.residual.detector import codec_of

PHOTOGRAPH = data.astronaut()[40:360, 100:420]


def measured(first, second, quality=None):
    encoded = encode_png(Image(second)) if quality is None else encode_jpeg(Image(second), quality)
    decoded = decode(encoded)
    return added_noise(Image(first), decoded.image, codec_of(decoded.source))


def noisy(pixels, deviation, seed=0):
    noise = np.random.default_rng(seed).normal(0, deviation, pixels.shape)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("deviation", [0.5, 2, 8])
def test_noise_on_a_known_picture_is_none_of_its_own(deviation):
    found = measured(PHOTOGRAPH, noisy(PHOTOGRAPH, deviation))

    assert found.is_added
    assert abs(found.shared) < 0.1


def test_a_pair_is_measured_once_while_an_image_is_examined():
    data = encode_png(Image(noisy(PHOTOGRAPH, 4)))
    examined = Examined.by_itself(decode(data), data, default_profile())
    pair = (Image(PHOTOGRAPH), examined.decoded.image, codec_of(examined.decoded.source))

    found = examined.once(remembering_measure)(*pair)

    assert found == added_noise(*pair)
    assert examined.once(remembering_measure)(*pair) is found


@pytest.mark.parametrize("deviation", [1, 4, 8])
def test_two_takes_share_their_noise(deviation):
    calm = cv2.GaussianBlur(PHOTOGRAPH, (0, 0), 1.0)

    found = measured(noisy(calm, deviation), noisy(calm, deviation, seed=1))

    assert not found.is_added
    assert found.shared == pytest.approx(0.5, abs=0.1)


def test_whatever_moved_is_shared_by_halves_too():
    shift = np.array([[1, 0, 1.3], [0, 1, -0.6]])
    moved = cv2.warpAffine(
        PHOTOGRAPH, shift, (320, 320), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )

    assert not measured(PHOTOGRAPH, moved).is_added


@pytest.mark.parametrize("quality", [99, 90, 70, 40])
def test_what_a_codec_takes_away_is_not_added(quality):
    found = measured(PHOTOGRAPH, PHOTOGRAPH, quality)

    assert found is None or not found.is_added


@pytest.mark.parametrize("side", [160, 250, 400])
def test_what_resizing_takes_away_is_not_added(side):
    found = measured(PHOTOGRAPH, resize(Image(PHOTOGRAPH), side, side, "lanczos").pixels)

    assert found is None or not found.is_added


def test_what_is_drawn_in_one_place_is_not_all_over():
    drawn = PHOTOGRAPH.copy()
    drawn[20:60, 30:200] = (250, 250, 250)

    assert not measured(PHOTOGRAPH, drawn).is_added


def test_equal_pictures_tell_nothing():
    assert measured(PHOTOGRAPH, PHOTOGRAPH) is None


@pytest.mark.parametrize("quality", [75, 90])
@pytest.mark.parametrize("deviation", [1, 2, 4, 8])
def test_takes_of_which_the_first_was_compressed_are_takes(deviation, quality):
    calm = cv2.GaussianBlur(PHOTOGRAPH, (0, 0), 1.0)
    first = decode(encode_jpeg(Image(noisy(calm, deviation)), quality)).image.pixels

    assert not measured(first, noisy(calm, deviation, seed=1)).is_added


@pytest.mark.parametrize("quality", [75, 90])
@pytest.mark.parametrize("deviation", [0.5, 2.5, 8])
def test_noise_on_a_compressed_picture_is_none_of_its_own(deviation, quality):
    known = decode(encode_jpeg(Image(PHOTOGRAPH), quality)).image.pixels

    assert measured(known, noisy(known, deviation)).is_added


@pytest.mark.parametrize("side", [250, 300])
def test_faint_noise_is_found_in_a_picture_that_was_shrunk_with_it(side):
    shrunk = cv2.resize(noisy(PHOTOGRAPH, 2.55), (side, side), interpolation=cv2.INTER_LINEAR)

    assert measured(PHOTOGRAPH, shrunk).is_added
