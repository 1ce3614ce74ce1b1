import numpy as np
import pytest
from scipy import ndimage
from skimage import data
from skimage.metrics import structural_similarity

from calibration.image import Image
from predictor.learning.noticeability.evaluation import (
    area_under_curve,
    calibration_error,
    coverage,
    expected_brier,
    gmsd,
    psnr,
    ssim,
)
from predictor.noticeability.model import Noticeability

PHOTO = Image(data.coffee())
NOISY = Image(
    np.clip(PHOTO.pixels + np.random.default_rng(0).normal(0, 12, PHOTO.pixels.shape), 0, 255).astype(
        np.uint8
    )
)


def test_the_area_counts_ties_half():
    noticed = np.array([False, False, True, True])

    assert area_under_curve(noticed, np.array([0.1, 0.4, 0.4, 0.9])) == pytest.approx(0.875)
    assert area_under_curve(noticed, np.zeros(4)) == 0.5


def test_one_kind_of_answer_has_no_area():
    with pytest.raises(ValueError, match="one kind only"):
        area_under_curve(np.ones(3, bool), np.arange(3.0))


def test_honest_chances_have_little_calibration_error():
    rng = np.random.default_rng(0)
    chances = rng.random(20_000)
    noticed = rng.random(20_000) < chances

    assert calibration_error(noticed, chances) < 0.02
    assert calibration_error(noticed, chances**3) > 0.1


def test_chances_stated_and_answers_drawn_from_them_have_the_same_calibration_error():
    rng = np.random.default_rng(0)
    stated, chances = rng.random(50_000), rng.random(50_000)
    drawn = (rng.random(50_000) < stated).astype(float)

    assert calibration_error(stated, chances) == pytest.approx(calibration_error(drawn, chances), abs=0.01)


def test_the_expected_brier_score_is_that_of_answers_drawn():
    rng = np.random.default_rng(0)
    stated, chances = rng.random(50_000), rng.random(50_000)
    drawn = (rng.random(50_000) < stated).astype(float)

    assert expected_brier(stated, chances) == pytest.approx(np.mean((drawn - chances) ** 2), abs=0.01)
    assert expected_brier(stated, stated) < min(
        expected_brier(stated, chances), expected_brier(stated, (stated > 0.5).astype(float))
    )


def test_identical_pictures_are_the_best_of_every_metric():
    assert psnr(PHOTO, PHOTO) == 100.0
    assert ssim(PHOTO, PHOTO) == pytest.approx(1.0)
    assert gmsd(PHOTO, PHOTO) == 0.0


def test_gmsd_is_the_papers_by_way_of_scipy():
    weights = np.array([0.299, 0.587, 0.114])

    def gradient(picture: Image) -> np.ndarray:
        luma = np.round(picture.pixels @ weights)
        half = (luma[::2, ::2] + luma[1::2, ::2] + luma[::2, 1::2] + luma[1::2, 1::2]) / 4
        return np.hypot(*(ndimage.prewitt(half, axis, mode="mirror") / 3 for axis in (0, 1)))

    first, second = gradient(PHOTO), gradient(NOISY)
    expected = np.std((2 * first * second + 170) / (first**2 + second**2 + 170))

    assert gmsd(PHOTO, NOISY) == pytest.approx(expected, rel=1e-3)


def test_gmsd_minds_structure_and_no_shift_of_brightness():
    darker = Image(np.clip(PHOTO.pixels, 20, 235))
    brighter = Image(darker.pixels + np.uint8(10))

    assert gmsd(darker, brighter) == pytest.approx(0.0, abs=0.02)
    assert gmsd(PHOTO, NOISY) == gmsd(NOISY, PHOTO) > 0.02


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 50), (3, 7)])
def test_gmsd_takes_any_size(height: int, width: int):
    picture = Image(np.ascontiguousarray(PHOTO.pixels[:height, :width]))

    assert gmsd(picture, picture) == 0.0


def test_ssim_agrees_with_scikit_image():
    weights = np.array([0.299, 0.587, 0.114])
    expected = structural_similarity(
        np.round(PHOTO.pixels @ weights),
        np.round(NOISY.pixels @ weights),
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )

    assert ssim(PHOTO, NOISY) == pytest.approx(expected, abs=0.01)


def test_coverage_counts_pairs_or_groups():
    found = [Noticeability(0.5, 1.0, 0.3, 0.7)] * 20

    assert coverage(found, np.array([0.4] * 10 + [0.9] * 10)) == 0.5
    assert coverage(found, np.array([0.0, 1.0] * 10)) == 1.0


def test_few_answers_may_stray_from_their_chance():
    found = [Noticeability(0.02, 0.1, 0.01, 0.05)] * 100

    assert coverage(found, np.array([0.0] * 100)) == 1.0
    assert coverage(found, np.array([1.0] * 100)) == 0.0
