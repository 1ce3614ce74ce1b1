from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, resize
from calibration.profile import default_profile
from predictor.answer_change.change import FEATURES, AnswerModel, Heads, part_tensors, settings
from predictor.answer_change.surrogate import Surrogate
from predictor.artifact import ArtifactError, Part, default_directory, read_part
from predictor.predict import Predictor
from predictor.views import PairError

PHOTO = Image(data.coffee())
PROFILE = default_profile()


@pytest.fixture(scope="module")
def model() -> AnswerModel:
    return AnswerModel.from_part(read_part(default_directory(), "answer_change"))


def jpeg(image: Image, quality: int) -> Image:
    return decode(encode_jpeg(image, quality)).image


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket"])
def test_answers_are_more_likely_to_change_the_more_a_picture_is_compressed(model: AnswerModel, name: str):
    photo = Image(getattr(data, name)())

    found = model.judge(photo, [jpeg(photo, quality) for quality in (95, 60, 25, 5)], PROFILE)

    assert all(one.kl < other.kl for one, other in pairwise(found))
    assert found[0].probability < found[-1].probability
    assert all(one.low <= one.kl <= one.high for one in found)


def test_the_picture_itself_changes_nothing(model: AnswerModel):
    found = model.judge(PHOTO, [PHOTO, Image(PHOTO.pixels.copy())], PROFILE)

    assert [(one.probability, one.kl) for one in found] == [(0.0, 0.0)] * 2


def test_a_model_known_to_be_sure_is_less_likely_to_change_its_answer(model: AnswerModel):
    version = jpeg(PHOTO, 40)

    chances = [
        model.judge(PHOTO, [version], PROFILE, margin)[0].probability for margin in (0.0, 0.1, 0.5, 1.0)
    ]

    assert chances == sorted(chances, reverse=True)
    assert chances[0] > 2 * chances[-1]


def test_a_smaller_version_of_the_same_shape_is_judged(model: AnswerModel):
    half = resize(PHOTO, PHOTO.width // 2, PHOTO.height // 2)
    tenth = resize(PHOTO, PHOTO.width // 10, PHOTO.height // 10)

    found = model.judge(PHOTO, [half, tenth], replace(PROFILE, input_side=96))

    assert 0 < found[0].kl < found[1].kl


def test_another_shape_is_refused(model: AnswerModel):
    with pytest.raises(PairError, match="aspect ratio"):
        model.judge(PHOTO, [resize(PHOTO, 300, 300)], PROFILE)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((1, 1, 3), np.uint8),
        np.full((64, 64, 3), 128, np.uint8),
        np.repeat(data.camera()[:200, :300, None], 3, axis=2),
        np.zeros((2, 700, 3), np.uint8),
    ],
)
def test_odd_pictures_get_finite_predictions(model: AnswerModel, pixels: np.ndarray):
    original = Image(np.ascontiguousarray(pixels))
    version = Image(np.clip(original.pixels.astype(int) + 3, 0, 255).astype(np.uint8))

    found = model.judge(original, [version], PROFILE)[0]

    assert 0 < found.probability < 1
    assert 0 < found.low <= found.kl <= found.high < np.inf


@pytest.mark.parametrize("margin", [-0.1, 1.1, float("nan")])
def test_a_margin_that_is_none_is_refused(model: AnswerModel, margin: float):
    with pytest.raises(ValueError, match="margin between 0 and 1"):
        model.judge(PHOTO, [jpeg(PHOTO, 50)], PROFILE, margin)


def test_no_versions_are_no_predictions(model: AnswerModel):
    assert model.judge(PHOTO, [], PROFILE) == []


def untrained() -> Part:
    def zeros(size: int) -> np.ndarray:
        return np.zeros(size, np.float32)

    count = len(FEATURES)
    heads = Heads(
        mean=zeros(count),
        scale=zeros(count) + 1,
        divergence=zeros(count + 1),
        smearing=0.0,
        spread=zeros(2),
        flip=zeros(2),
        flip_known=zeros(5),
    )
    surrogates = [Surrogate(), Surrogate()]
    return Part(part_tensors(surrogates, heads), {"settings": settings(surrogates)})


def test_a_part_can_be_rebuilt_from_its_arrays():
    part = untrained()

    found = AnswerModel.from_part(part).judge(PHOTO, [jpeg(PHOTO, 50)], PROFILE)[0]

    assert found.probability == 0.5


def test_arrays_of_another_model_are_refused():
    part = untrained()
    other = {"settings": {**part.card["settings"], "features": ["something else"]}}
    missing = {name: tensor for name, tensor in part.tensors.items() if name != "heads.flip"}
    broken = {**part.tensors, "heads.flip": part.tensors["heads.flip"] * float("nan")}

    for damaged in (Part(part.tensors, other), Part(part.tensors, {}), Part(missing, part.card),
                    Part(broken, part.card)):  # fmt: skip
        with pytest.raises(ArtifactError, match="answer_change part does not fit"):
            AnswerModel.from_part(damaged)


def test_the_door_answers_with_the_artifact_that_ships(model: AnswerModel):
    version = jpeg(PHOTO, 50)

    found = Predictor.load().answer_change(PHOTO, version, PROFILE)

    assert found == model.judge(PHOTO, [version], PROFILE)[0]


def test_the_limits_that_ship_are_stricter_where_more_is_promised(model: AnswerModel):
    expected = [limit.knob or 0.0 for limit in model.limits if limit.promise == "expected"]
    sure = [limit.knob or 0.0 for limit in model.limits if limit.promise == "surely"]

    assert expected == sorted(expected)
    assert all(one <= other for one, other in zip(sure, expected, strict=True))
    assert expected[-1] > 0


def test_a_card_with_damaged_limits_is_refused():
    part = untrained()

    with pytest.raises(ArtifactError, match="risk limit"):
        AnswerModel.from_part(Part(part.tensors, {**part.card, "risk_limits": [{"knob": 1}]}))
