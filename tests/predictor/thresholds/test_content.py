import numpy as np
import pytest
from skimage import data

from calibration.image import Image, resize
from calibration.stimuli.registry import DISTORTIONS
from predictor.thresholds.content import POOLED, STATISTICS, Content, read_content, readings_of
from predictor.thresholds.content_fields import FIELDS_OF

CAT = Image(np.ascontiguousarray(data.chelsea()[:280, :420]))


def response(content: Content, family: str) -> float:
    """The response of a family's first field over all bands (exponent 4), as its logarithm."""
    return float(content.responses[family][POOLED - 2])


def grey(pixels: np.ndarray) -> Image:
    return Image(np.repeat(np.clip(pixels, 0, 255).astype(np.uint8)[..., None], 3, axis=2))


def noise(amplitude: float, side: int = 96) -> np.ndarray:
    return 128 + amplitude * np.random.default_rng(0).standard_normal((side, side))


def test_every_family_has_as_many_readings_as_are_promised():
    content = read_content(CAT)

    assert content.statistics.shape == (STATISTICS,)
    for name in [*DISTORTIONS, "of no family"]:
        described = content.described(name)
        assert described.shape == (readings_of(name),)
        assert np.isfinite(described).all()
    assert readings_of("of no family") == STATISTICS
    assert readings_of("jpeg") == STATISTICS + POOLED * len(FIELDS_OF["jpeg"])


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 2), (7, 300)])
@pytest.mark.parametrize("value", [0, 255])
def test_flat_pictures_of_any_shape_have_finite_readings(shape: tuple[int, int], value: int):
    content = read_content(Image(np.full((*shape, 3), value, np.uint8)))

    assert all(np.isfinite(content.described(name)).all() for name in DISTORTIONS)


def test_content_is_read_at_one_size_whatever_the_pictures():
    whole, half = read_content(CAT), read_content(resize(CAT, CAT.width // 2, CAT.height // 2, "area"))

    for name in DISTORTIONS:
        assert np.abs(whole.responses[name] - half.responses[name]).max() < 0.5, name


def test_a_busy_picture_hides_what_a_smooth_one_shows():
    smooth, busy = read_content(grey(noise(1))), read_content(grey(noise(40)))

    for family in ("noise", "brightness"):
        assert response(busy, family) < response(smooth, family)


def test_what_blur_takes_away_is_more_where_there_is_more_detail():
    responses = [response(read_content(grey(noise(amplitude))), "blur") for amplitude in (0, 2, 8, 20)]

    assert responses == sorted(responses)
    assert responses[-1] > responses[0] + 1


def test_a_stronger_colour_makes_saturation_show_more():
    tinted = [np.full((96, 96, 3), (128 + by, 128, 128 - by), np.uint8) for by in (0, 10, 40)]

    found = [response(read_content(Image(pixels)), "saturation") for pixels in tinted]

    assert found == sorted(found)
    assert found[-1] > found[0] + 1


def test_reading_is_the_same_every_time_and_leaves_the_picture_alone():
    before = CAT.pixels.copy()

    first, second = read_content(CAT), read_content(CAT)

    assert np.array_equal(first.described("jpeg"), second.described("jpeg"))
    assert np.array_equal(CAT.pixels, before)
