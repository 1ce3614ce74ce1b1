import cv2
import numpy as np
import pytest
from skimage import data

from gateway.detection.motion import brought_along, has_moved


def moved(first: np.ndarray, second: np.ndarray) -> bool:
    where = np.abs(first.astype(int) - second).max(axis=2) > 12
    return has_moved(first.astype(np.float32), second.astype(np.float32), where)


def zoomed(pixels: np.ndarray, scale: float, shift: float = 0.0) -> np.ndarray:
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 0.2, scale)
    matrix[:, 2] += shift
    return cv2.warpAffine(
        pixels, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )


@pytest.mark.parametrize(("scale", "shift"), [(1.03, 0.0), (1.0, 4.0), (0.98, -3.0)])
def test_a_zoom_and_a_pan_have_moved(scale: float, shift: float):
    assert moved(data.chelsea(), zoomed(data.chelsea(), scale, shift))


def with_words(pixels: np.ndarray) -> np.ndarray:
    return cv2.putText(pixels.copy(), "a caption", (20, 150), cv2.FONT_HERSHEY_SIMPLEX, 2, (255, 255, 255), 9)


def lighter(pixels: np.ndarray) -> np.ndarray:
    return np.clip(pixels.astype(int) + 40, 0, 255).astype(np.uint8)


def noisy(pixels: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).choice([-24, 24], pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("change", [with_words, lighter, noisy])
def test_words_light_and_noise_have_not(change):
    assert not moved(data.chelsea(), change(data.chelsea()))


def test_nothing_has_moved_where_nothing_is_asked_about_or_there_is_too_little():
    assert not moved(data.chelsea(), data.chelsea())
    assert not moved(data.chelsea()[:16, :16], data.chelsea()[1:17, :16])


def left_of(first: np.ndarray, second: np.ndarray) -> float:
    moved_along = brought_along(first.astype(np.float32), second.astype(np.float32))
    return float(np.abs(moved_along - second)[20:-20, 20:-20].mean())


def test_a_picture_is_brought_to_where_another_has_it():
    second = zoomed(data.chelsea(), 1.02, 2.0)

    assert left_of(data.chelsea(), second) < 0.3 * np.abs(data.chelsea().astype(int) - second).mean()


def test_noise_is_not_brought_along():
    second = noisy(data.chelsea())

    assert left_of(data.chelsea(), second) > 15
