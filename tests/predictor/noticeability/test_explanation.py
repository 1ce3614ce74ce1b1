import cv2
import numpy as np
import pytest
from skimage import data

from calibration.image import Image
from calibration.known_profiles import resolve_profile
from calibration.profile import JndProfile
from predictor.artifact import default_directory, read_part
from predictor.noticeability.explanation import Explanation, explain
from predictor.noticeability.model import NoticeabilityModel
from predictor.views import Viewer

PHOTO = Image(data.coffee())  # 400 x 600
MODELS = ("embedded", "nobody-knows-this-model")


@pytest.fixture(scope="module")
def model() -> NoticeabilityModel:
    return NoticeabilityModel.from_part(read_part(default_directory(), "noticeability"))


def explained(model: NoticeabilityModel, distorted: Image, profile: JndProfile) -> Explanation:
    views = Viewer(PHOTO, profile).views(distorted)
    return explain([model.look_closely(view, profile) for view in views])


def with_corner_blurred() -> Image:
    pixels = PHOTO.pixels.copy()
    pixels[:130, :200] = cv2.GaussianBlur(PHOTO.pixels, (0, 0), 5)[:130, :200]
    return Image(pixels)


@pytest.mark.parametrize("name", MODELS)
def test_identical_pictures_have_an_empty_map_and_no_reason(model: NoticeabilityModel, name: str):
    found = explained(model, PHOTO, resolve_profile(name))

    assert not found.local_map.any()
    assert found.reasons == ()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("top", "left"), [(20, 20), (170, 270), (330, 540)])
def test_a_patch_is_the_hottest_place(model: NoticeabilityModel, name: str, top: int, left: int):
    pixels = PHOTO.pixels.copy()
    pixels[top : top + 40, left : left + 40] = (30, 90, 220)

    found = explained(model, Image(pixels), resolve_profile(name)).local_map

    row, column = np.unravel_index(int(np.argmax(found)), found.shape)
    assert abs((row + 0.5) / found.shape[0] * 400 - (top + 20)) <= 30
    assert abs((column + 0.5) / found.shape[1] * 600 - (left + 20)) <= 30


@pytest.mark.parametrize("name", MODELS)
def test_blur_in_one_corner_is_told_with_its_place(model: NoticeabilityModel, name: str):
    found = explained(model, with_corner_blurred(), resolve_profile(name))

    assert "fine detail lost, top left" in found.reasons
    rows, columns = found.local_map.shape
    outside = found.local_map[rows // 2 :, columns // 2 :]
    assert outside.max() < 0.1 * found.local_map.max()


def test_noise_is_told_as_noise_all_over(model: NoticeabilityModel):
    rng = np.random.default_rng(0)
    noisy = Image(np.clip(PHOTO.pixels + rng.normal(0, 20, PHOTO.pixels.shape), 0, 255).astype(np.uint8))

    found = explained(model, noisy, resolve_profile("unknown"))

    assert any("noise added, overall" in reason for reason in found.reasons)


def test_a_tint_is_told_as_a_shift_of_colour(model: NoticeabilityModel):
    tinted = PHOTO.pixels.astype(int) + np.array([25, 0, -25])

    found = explained(model, Image(np.clip(tinted, 0, 255).astype(np.uint8)), resolve_profile("embedded"))

    assert found.reasons[0].startswith("colour shifted")


@pytest.mark.parametrize("name", MODELS)
def test_the_map_of_a_change_alike_everywhere_is_the_jnd_ratio(model: NoticeabilityModel, name: str):
    profile = resolve_profile(name)
    grey, lighter = Image(np.full((200, 300, 3), 100, np.uint8)), Image(np.full((200, 300, 3), 104, np.uint8))
    views = Viewer(grey, profile).views(lighter)

    found = explain([model.look_closely(view, profile) for view in views])

    ratio = model.judge([views], profile)[0].jnd_ratio
    assert found.local_map == pytest.approx(ratio, rel=0.02)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 10_000), (10_000, 1), (3, 7)])
@pytest.mark.parametrize("name", MODELS)
def test_extreme_sizes_are_explained(model: NoticeabilityModel, name: str, width: int, height: int):
    first, second = (Image(np.full((height, width, 3), value, np.uint8)) for value in (60, 200))
    profile = resolve_profile(name)

    found = explain([model.look_closely(view, profile) for view in Viewer(first, profile).views(second)])

    assert np.isfinite(found.local_map).all()
    assert found.reasons[0] == "brighter, overall"
