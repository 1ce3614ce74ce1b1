import cv2
import numpy as np
import numpy.typing as npt
import pytest
from skimage import data

from calibration.image import Image
from gateway.detection.patterns import has_stripes_of_a_screen, is_pattern

ROWS, COLUMNS = np.mgrid[:320, :400].astype(np.float64)


def in_grey(levels: npt.NDArray[np.float64]) -> Image:
    return Image(np.repeat(np.clip(levels, 0, 255).astype(np.uint8)[..., None], 3, axis=2))


def sent_as_jpeg(image: Image) -> Image:
    coded = cv2.imencode(".jpg", image.pixels, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return Image(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), dtype=np.uint8))


PATTERNS = {
    "checks of 3 px": in_grey(90 + 80 * ((ROWS // 3 + COLUMNS // 3) % 2)),
    "checks of 24 px": in_grey(90 + 80 * ((ROWS // 24 + COLUMNS // 24) % 2)),
    "a grid": in_grey(np.where((ROWS % 9 < 1) | (COLUMNS % 9 < 1), 40.0, 240.0)),
    "moiré": in_grey(127 + 120 * np.cos(COLUMNS * 1.3) * np.cos(COLUMNS * 1.33 + ROWS * 0.1)),
    "a zone plate": in_grey(127 + 120 * np.cos(np.pi * ((ROWS - 90) ** 2 + (COLUMNS - 90) ** 2) / 400)),
}
PHOTOGRAPHS = {name: Image(getattr(data, name)()) for name in ("astronaut", "chelsea", "coffee")}


def noisy(image: Image, levels: int) -> Image:
    added = levels * np.random.default_rng(3).choice([-1, 1], image.pixels.shape)
    return Image(np.clip(image.pixels + added, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("name", PATTERNS)
def test_checks_grids_and_moire_are_patterns_also_after_a_codec(name: str):
    assert is_pattern(PATTERNS[name])
    assert is_pattern(sent_as_jpeg(PATTERNS[name]))


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("levels", [0, 8])
def test_a_photograph_is_none_with_added_noise_or_without(name: str, levels: int):
    picture = noisy(PHOTOGRAPHS[name], levels)

    assert not is_pattern(picture)
    assert not has_stripes_of_a_screen(picture.pixels[None, 200:296, 200:296])


@pytest.mark.parametrize("level", [0, 128])
def test_neither_a_blank_page_nor_a_wave_within_eight_levels_is_one(level: int):
    blank = in_grey(np.full(ROWS.shape, float(level)))
    wave = in_grey(level + 8 * np.sin(COLUMNS * 0.7))

    assert not is_pattern(blank)
    assert not is_pattern(wave)


def test_the_stripes_of_a_display_stand_side_by_side_and_those_of_a_shirt_do_not():
    columns = np.arange(96) + np.zeros((96, 1))
    display = np.stack([128 + 30 * np.cos(columns + 2 * np.pi * shift / 3) for shift in range(3)], axis=2)
    shirt = np.repeat((128 + 30 * np.cos(columns))[..., None], 3, axis=2)

    assert has_stripes_of_a_screen(display[None].astype(np.uint8))
    assert not has_stripes_of_a_screen(shirt[None].astype(np.uint8))
