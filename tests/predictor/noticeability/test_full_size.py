import numpy as np
import pytest
import torch
from skimage import data

from calibration.image import Image, decode, encode_jpeg
from calibration.profile import default_profile
from predictor.artifact import ArtifactError, Part, default_directory, read_part
from predictor.noticeability.full_size import FullSizeModel
from predictor.views import FullSizeViewer, PairError

PHOTO = Image(np.ascontiguousarray(data.coffee()[:380, :560]))
PROFILE = default_profile()


@pytest.fixture(scope="module")
def model() -> FullSizeModel:
    return FullSizeModel.from_part(read_part(default_directory(), "people"))


def jpeg(quality: int) -> Image:
    return decode(encode_jpeg(PHOTO, quality)).image


def test_identical_pictures_are_told_apart_at_the_floor(model: FullSizeModel):
    (found,) = model.judge(FullSizeViewer(PHOTO), [PHOTO], PROFILE)

    assert found.probability == pytest.approx(model.floor(PROFILE))
    assert found.jnd_ratio == 0.0


def test_a_good_jpeg_passes_and_a_bad_one_does_not(model: FullSizeModel):
    good, bad = model.judge(FullSizeViewer(PHOTO), [jpeg(90), jpeg(10)], PROFILE)

    assert good.probability < 0.1
    assert bad.probability > 0.9
    assert good.low <= good.probability <= good.high


def test_candidates_are_judged_alone(model: FullSizeModel):
    versions = [jpeg(quality) for quality in (85, 40)]

    together = model.judge(FullSizeViewer(PHOTO), versions, PROFILE)

    assert together == [model.judge(FullSizeViewer(PHOTO), [one], PROFILE)[0] for one in versions]


def test_without_a_known_original_the_order_does_not_matter(model: FullSizeModel):
    other = jpeg(40)

    found = model.judge_unordered(FullSizeViewer(PHOTO), other, PROFILE)

    swapped = model.judge_unordered(FullSizeViewer(other), PHOTO, PROFILE)
    assert found.probability == pytest.approx(swapped.probability, abs=1e-5)


def test_another_shape_is_refused(model: FullSizeModel):
    with pytest.raises(PairError):
        model.judge(FullSizeViewer(PHOTO), [Image(np.zeros((200, 200, 3), np.uint8))], PROFILE)


def test_levels_are_the_profile_s_own(model: FullSizeModel):
    taken = model.levels_taken(PROFILE)

    assert taken["jpeg"] == pytest.approx(PROFILE.threshold_of("jpeg"))


def test_a_part_of_something_else_is_refused():
    with pytest.raises(ArtifactError, match="people part does not fit"):
        FullSizeModel.from_part(Part({"x": torch.zeros(1)}, {"settings": {}}))
