import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from calibration.image import Image
from calibration.known_profiles import resolve_profile
from calibration.profile import JndProfile, default_profile
from calibration.stimuli.registry import DISTORTIONS
from predictor.artifact import ArtifactError, default_directory, read_part
from predictor.predict import Predictor
from predictor.thresholds.model import PredictedThreshold, ThresholdModel
from predictor.thresholds.profile_threshold import least_level

CAT = Image(np.ascontiguousarray(data.cat()))


def change_card(artifact: Path, change: Callable[[dict[str, Any]], object]) -> None:
    card = json.loads((artifact / "card.json").read_text())
    change(card)
    (artifact / "card.json").write_text(json.dumps(card))


def copied(folder: Path) -> Path:
    """Copy what ships, without the parts that are not asked here."""
    artifact = Path(shutil.copytree(default_directory(), folder / "artifact"))
    for other in ("residual", "answer_change"):
        change_card(artifact, lambda card, other=other: card["parts"].pop(other, None))
    return artifact


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    return Predictor.load(copied(tmp_path_factory.mktemp("shipped")))


def scaled(profile: JndProfile, factor: float) -> JndProfile:
    """Make a profile whose thresholds and intervals are `factor` times as large."""
    moved = {
        name: replace(
            found,
            threshold=found.threshold and found.threshold * factor,
            low=found.low and found.low * factor,
            high=found.high and found.high * factor,
        )
        for name, found in profile.distortions.items()
    }
    return replace(profile, distortions=moved)


def without(profile: JndProfile, name: str) -> JndProfile:
    unmeasurable = replace(profile.distortions[name], status="unmeasurable", threshold=None)
    return replace(profile, distortions={**profile.distortions, name: unmeasurable})


def is_sound(found: PredictedThreshold) -> bool:
    return 0 < found.low <= found.level <= found.high < math.inf and math.isfinite(found.unit_value)


@pytest.mark.parametrize("shape", [(1, 1), (1, 10_000), (10_000, 1), (7, 300), (96, 96), (700, 500)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_flat_pictures_of_any_shape_have_sound_thresholds(
    predictor: Predictor, shape: tuple[int, int], value: int
):
    picture = Image(np.full((*shape, 3), value, np.uint8))

    found = predictor.thresholds(picture, resolve_profile("embedded"))

    assert set(found) == set(DISTORTIONS)
    assert all(is_sound(one) for one in found.values())


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 150), st.integers(1, 150), st.booleans())
def test_any_picture_has_sound_thresholds(seed: int, height: int, width: int, grey: bool):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    picture = Image(np.repeat(pixels[..., :1], 3, axis=2) if grey else pixels)
    model = ThresholdModel.from_part(read_part(default_directory(), "thresholds"))

    found = model.predict(picture, resolve_profile("embedded"))

    assert all(is_sound(one) for one in found.values())


@settings(max_examples=6, deadline=None)
@given(st.floats(0.1, 10.0))
def test_thresholds_rise_with_those_of_the_profile(factor: float):
    part = read_part(default_directory(), "thresholds")
    model, profile = ThresholdModel.from_part(part), resolve_profile("embedded")

    before, after = model.predict(CAT, profile), model.predict(CAT, scaled(profile, factor))

    for name in DISTORTIONS:
        fixed = part.card["settings"][name]["fixed_part"]
        assert (after[name].level > before[name].level) == (factor > 1) or after[name].level == least_level(
            name
        )
        if fixed == 0:
            assert after[name].level == pytest.approx(before[name].level * factor, rel=1e-9)
            assert after[name].high == pytest.approx(before[name].high * factor, rel=1e-9)


def test_an_unknown_model_gets_thresholds_marked_as_assumed(predictor: Predictor):
    found = predictor.thresholds(CAT, resolve_profile("a-model-nobody-knows"))

    assert all(is_sound(one) for one in found.values())
    assert {one.basis for one in found.values()} == {"assumed"}


def test_an_unmeasurable_distortion_follows_the_others_and_is_marked(predictor: Predictor):
    profile = scaled(default_profile(), 2.0)

    found = predictor.thresholds(CAT, without(profile, "blur"))["blur"]

    assert found.basis == "unmeasurable"
    assert found.level == pytest.approx(predictor.thresholds(CAT, profile)["blur"].level, rel=1e-6)


def test_a_censored_distortion_is_marked(predictor: Predictor):
    profile = resolve_profile("embedded")
    blur = replace(profile.distortions["blur"], status="censored", threshold=50.0, low=50.0, high=None)

    found = predictor.thresholds(CAT, replace(profile, distortions={**profile.distortions, "blur": blur}))[
        "blur"
    ]

    assert found.basis == "censored"
    assert is_sound(found)


def measured_as(profile: JndProfile, name: str, **fields: Any) -> JndProfile:
    changed = replace(profile.distortions[name], **fields)
    return replace(profile, model="somebody", distortions={**profile.distortions, name: changed})


@pytest.mark.parametrize("status", ["censored", "blunt"])
def test_what_was_hardly_noticed_up_to_the_strongest_level_has_its_threshold_there_or_beyond(
    predictor: Predictor, status: str
):
    strongest = float(DISTORTIONS["banding"].levels)
    blind = measured_as(
        resolve_profile("embedded"), "banding", status=status, threshold=strongest, low=60.0, high=None
    )
    damaged = DISTORTIONS["banding"].apply(CAT, strongest, np.random.default_rng(0))

    found = predictor.thresholds(CAT, blind)["banding"]

    assert found.basis == status
    assert found.high > 2 * strongest
    assert found.level >= (strongest if status == "censored" else 0.6 * strongest)
    assert predictor.notice(CAT, damaged, blind).jnd_ratio < 1.5


def test_an_unmeasurable_threshold_stays_within_what_the_trials_leave_open(predictor: Predictor):
    open_end = measured_as(
        resolve_profile("embedded"), "banding", status="unmeasurable", threshold=90.0, low=70.0, high=990.0
    )

    found = predictor.thresholds(CAT, open_end)["banding"]

    assert found.basis == "unmeasurable"
    assert found.level == pytest.approx(70.0, rel=0.5)
    assert found.high > 700.0


def test_a_guessed_threshold_has_the_interval_of_a_guess(predictor: Predictor):
    unknown = measured_as(
        resolve_profile("embedded"), "banding", status="unmeasurable", threshold=None, low=None, high=None
    )

    found = predictor.thresholds(CAT, unknown)["banding"]

    assert found.high / found.low > 10


def test_a_published_bound_is_taken_at_its_word(predictor: Predictor):
    bound = measured_as(default_profile(), "blur", status="censored", threshold=30.0)

    found = predictor.thresholds(CAT, replace(bound, source="published-prior"))["blur"]

    assert found.level >= 30.0


def test_what_a_models_answers_corrected_moves_its_thresholds(tmp_path: Path):
    artifact = copied(tmp_path)
    profile = replace(resolve_profile("embedded"), model="learned")
    before = Predictor.load(artifact).thresholds(CAT, profile)

    def learn(card: dict[str, Any]) -> None:
        settings = card["parts"]["noticeability"]["settings"]
        shifts = [math.log(2.0) if name == "noise" else 0.0 for name in settings["families"]]
        settings["known_models"]["learned"] = settings["strangers"] | {
            "threshold_shifts": shifts,
            "log_scale": 0.0,
        }

    change_card(artifact, learn)
    after = Predictor.load(artifact).thresholds(CAT, profile)

    assert after["noise"].level == pytest.approx(2 * before["noise"].level, rel=1e-6)
    assert after["blur"].level == before["blur"].level


def test_a_wider_profile_widens_the_interval(predictor: Predictor):
    profile = resolve_profile("embedded")
    noise = profile.distortions["noise"]
    threshold = noise.threshold or 1.0
    doubtful = replace(noise, low=threshold / 3, high=threshold * 3)

    wide = predictor.thresholds(
        CAT, replace(profile, distortions={**profile.distortions, "noise": doubtful})
    )["noise"]

    assert wide.high / wide.low > 9
    assert wide.level == predictor.thresholds(CAT, profile)["noise"].level


def test_a_picture_busy_with_detail_lets_blur_be_noticed_earlier(predictor: Predictor):
    smooth = np.linspace(60, 190, 300)[None, :, None] * np.ones((300, 1, 3))
    busy = smooth + np.random.default_rng(0).normal(0, 40, (300, 300, 1))

    profile = resolve_profile("embedded")
    levels = [
        predictor.thresholds(Image(np.clip(values, 0, 255).astype(np.uint8)), profile)["blur"].level
        for values in (smooth, busy)
    ]

    assert levels[1] < levels[0]


def test_a_model_training_has_not_met_gets_wider_intervals_around_the_same_level():
    part = read_part(default_directory(), "thresholds")
    model = ThresholdModel.from_part(replace(part, card={**part.card, "widening": 1.5}))
    profile = resolve_profile("embedded")

    met, stranger = model.predict(CAT, profile), model.predict(CAT, replace(profile, model="stranger"))

    for name in DISTORTIONS:
        assert stranger[name].level == met[name].level
        assert stranger[name].low <= met[name].low
        assert stranger[name].high > met[name].high


def test_nothing_is_predicted_below_the_least_a_distortion_can_do(predictor: Predictor):
    found = predictor.thresholds(CAT, scaled(resolve_profile("embedded"), 1e-6))

    assert all(one.level >= one.low == least_level(name) for name, one in found.items())
    assert found["blur"].level == least_level("blur")


def test_an_artifact_without_thresholds_says_so(tmp_path: Path):
    artifact = copied(tmp_path)
    change_card(artifact, lambda card: card["parts"].pop("thresholds"))

    predictor = Predictor.load(artifact)

    assert not predictor.has_thresholds
    with pytest.raises(ArtifactError, match="a thresholds part, this one has none"):
        predictor.thresholds(CAT, default_profile())
    with pytest.raises(ArtifactError, match="a thresholds part, this one has none"):
        predictor.forecast(CAT, default_profile())


def test_damaged_thresholds_are_refused(tmp_path: Path):
    artifact = copied(tmp_path)
    (path,) = artifact.glob("thresholds*.safetensors")
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")

    with pytest.raises(ArtifactError, match="damaged or foreign"):
        Predictor.load(artifact)


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("settings", {}),
        ("settings", {"blur": {"below": 1}}),
        ("settings", None),
        ("delivery", {"jpeg": {}}),
        ("widening", 0.5),
        ("widening", float("nan")),
        ("widening", float("inf")),
        ("widening", None),
        ("training", {}),
    ],
)
def test_foreign_thresholds_are_refused(tmp_path: Path, entry: str, value: object):
    artifact = copied(tmp_path)
    change_card(artifact, lambda card: card["parts"]["thresholds"].update({entry: value}))

    with pytest.raises(ArtifactError, match="does not fit"):
        Predictor.load(artifact)


@pytest.mark.parametrize("kind", ["settings", "delivery"])
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("steepness", math.nan),
        ("steepness", 1e-9),
        ("steepness", 1e9),
        ("residuals", [-0.1, math.nan, 0.1]),
        ("residuals", [0.1, -0.1]),
        ("residuals", [-1e9, 1e9]),
        ("residuals", []),
        ("below", -math.inf),
        ("below", 0.1),
        ("above", math.nan),
        ("fixed_part", math.inf),
        ("fixed_part", -1.0),
    ],
)
def test_settings_that_describe_no_curve_are_refused(kind: str, setting: str, value: object):
    part = read_part(default_directory(), "thresholds")
    changed = {**part.card[kind], "jpeg": {**part.card[kind]["jpeg"], setting: value}}

    with pytest.raises(ArtifactError, match="rising curve"):
        ThresholdModel.from_part(replace(part, card={**part.card, kind: changed}))


@pytest.mark.parametrize(
    ("array", "value"), [("spread", 0.0), ("spread", -1.0), ("weights", math.nan), ("bias", math.inf)]
)
def test_arrays_that_predict_no_number_are_refused(array: str, value: float):
    part = read_part(default_directory(), "thresholds")
    damaged = torch.full_like(part.tensors[f"blur.{array}"], value)

    with pytest.raises(ArtifactError, match="readings for blur"):
        ThresholdModel.from_part(replace(part, tensors={**part.tensors, f"blur.{array}": damaged}))


def test_thresholds_of_another_shape_are_refused():
    part = read_part(default_directory(), "thresholds")
    shorter = {**part.tensors, "blur.weights": part.tensors["blur.weights"][:-1]}

    with pytest.raises(ArtifactError, match="readings for blur"):
        ThresholdModel.from_part(replace(part, tensors=shorter))


def test_a_newer_artifact_is_refused(tmp_path: Path):
    artifact = copied(tmp_path)
    change_card(artifact, lambda card: card.update(schema_version=99))

    with pytest.raises(ArtifactError, match="newer"):
        Predictor.load(artifact)
