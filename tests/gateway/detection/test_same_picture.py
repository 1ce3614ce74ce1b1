import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, resize
from gateway.detection.same_picture import is_same_picture

CAT, PERSON = Image(data.chelsea()), Image(data.astronaut())


def test_two_pictures_of_noise_are_two_pictures():
    rng = np.random.default_rng(0)
    first, second = (Image(rng.integers(0, 256, (128, 128, 3), dtype=np.uint8)) for _ in range(2))

    assert not is_same_picture(first, second)


def test_two_photographs_of_one_shape_are_two_pictures():
    first, second = (Image(np.ascontiguousarray(each.pixels[:300, :300])) for each in (CAT, PERSON))

    assert not is_same_picture(first, second)


@pytest.mark.parametrize(
    "changed",
    [
        decode(encode_jpeg(CAT, 40)).image,
        resize(CAT, 225, 150),
        Image(np.clip(CAT.pixels.astype(int) + 8, 0, 255).astype(np.uint8)),
    ],
    ids=["jpeg", "smaller", "brighter"],
)
def test_a_copy_changed_a_little_is_the_same_picture(changed: Image):
    assert is_same_picture(CAT, changed)


def test_another_aspect_ratio_is_another_picture():
    assert not is_same_picture(CAT, Image(np.ascontiguousarray(CAT.pixels[:200])))


def test_two_flat_pictures_are_told_apart_by_their_colour():
    grey, lighter, white = (Image(np.full((64, 64, 3), level, np.uint8)) for level in (100, 105, 250))

    assert is_same_picture(grey, lighter)
    assert not is_same_picture(grey, white)
