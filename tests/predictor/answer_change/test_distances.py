import numpy as np
import pytest
from skimage import data
from skimage.metrics import structural_similarity

from calibration.image import Image, decode, encode_jpeg
from predictor.answer_change.distances import (
    DISTANCES,
    distances,
)

PHOTO = Image(data.chelsea()[:224, :224].copy())


def jpeg(quality: int) -> Image:
    return decode(encode_jpeg(PHOTO, quality)).image


def test_identical_pictures_have_the_least_distance_of_every_kind():
    found = distances(PHOTO, PHOTO)

    assert found.shape == (len(DISTANCES),)
    assert np.allclose(found, np.log(1e-6), atol=0.2)


def test_every_distance_grows_with_compression():
    found = np.stack([distances(PHOTO, jpeg(quality)) for quality in (90, 50, 20, 5)])

    assert (np.diff(found, axis=0) > 0).all()


def test_structural_similarity_is_the_published_one():
    ours = 1 - np.exp(distances(PHOTO, jpeg(30))[DISTANCES.index("ssim")])
    first, second = (np.dot(image.pixels, [0.299, 0.587, 0.114]) for image in (PHOTO, jpeg(30)))

    assert ours == pytest.approx(structural_similarity(first, second, win_size=7, data_range=255), abs=0.01)


def test_views_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="views of one size"):
        distances(PHOTO, Image(PHOTO.pixels[:100].copy()))
