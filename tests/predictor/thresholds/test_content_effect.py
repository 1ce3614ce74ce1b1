import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from predictor.artifact import Part
from predictor.boosted_trees import BoostedTrees
from predictor.thresholds.content_effect import (
    ContentEffect,
    EffectSettings,
    LinearEffect,
    Scale,
    Trust,
    effect_tensors,
    predict_level,
    read_effect,
    read_settings,
)

SETTINGS = EffectSettings((-0.5, 0.0, 0.5), below=-0.6, above=0.7, fixed_part=2.0, steepness=3.0)
CARD = {"residuals": [-0.5, 0.0, 0.5], "below": -0.6, "above": 0.7, "fixed_part": 2.0, "steepness": 3.0}
SCALE = Scale(least=0.02, strongest=50.0)


def line(weights: list[float], bias: float = 0.25) -> LinearEffect:
    count = len(weights)
    ones = np.ones(count, np.float32)
    return LinearEffect(-2 * ones, 2 * ones, 0 * ones, 2 * ones, np.array(weights, np.float32), bias)


def stump(feature: int, low: float, high: float) -> BoostedTrees:
    """One tree: `low` where the reading is at most 0, else `high`."""
    return BoostedTrees(
        feature=np.array([[feature, 0, 0]], np.int32),
        threshold=np.zeros((1, 3), np.float32),
        children=np.array([[[1, 2], [1, 1], [2, 2]]], np.int32),
        value=np.array([[0.0, low, high]], np.float32),
        bias=0.0,
        depth=1,
    )


EFFECT = ContentEffect(line([1.0, -3.0]), stump(0, -0.5, 0.5))


def part_of(**changes: np.ndarray) -> Part:
    arrays = {**effect_tensors(EFFECT), **changes}
    return Part({f"blur.{name}": torch.from_numpy(np.asarray(array)) for name, array in arrays.items()}, {})


def test_the_line_is_linear_where_training_saw_and_flat_beyond():
    readings = np.array([[0, 0], [1, 0], [2, 0], [9, 0], [0, -9]], np.float32)

    assert line([1.0, -3.0]).of_each(readings).tolist() == [0.25, 0.75, 1.25, 1.25, 3.25]


def test_an_effect_is_the_mean_of_line_and_trees():
    readings = np.array([1.0, 1.0], np.float32)

    assert EFFECT.of(readings) == ((0.25 + 0.5 - 1.5) + 0.5) / 2
    assert EFFECT.of_each(np.stack([readings, -readings])).tolist() == [EFFECT.of(readings), (1.25 - 0.5) / 2]


def test_without_an_effect_the_models_own_threshold_is_predicted():
    found = predict_level(0.0, SETTINGS, own=5.0, scale=SCALE, trust=Trust())

    assert found.level == pytest.approx(5.0)
    assert (found.low, found.high) == pytest.approx((7 * math.exp(-0.6) - 2, 7 * math.exp(0.7) - 2))
    assert found.curve.notice_probability(5.0) == pytest.approx(0.5)


def test_an_effect_moves_the_whole_of_what_is_done():
    found = predict_level(math.log(2), SETTINGS, own=5.0, scale=SCALE, trust=Trust())

    assert found.level == pytest.approx(2 * (5 + 2) - 2)


def test_nothing_is_predicted_below_the_least_level():
    found = predict_level(-5.0, SETTINGS, own=5.0, scale=SCALE, trust=Trust())

    assert (found.level, found.low, found.high) == (0.02, 0.02, 0.02)


@pytest.mark.parametrize(
    "trust", [Trust(widening=1.5), Trust(doubt=(0.4, 0.4)), Trust(interval_widening=2.0)]
)
def test_less_trust_widens_the_interval_around_the_same_level(trust: Trust):
    sure, unsure = (predict_level(0.3, SETTINGS, own=5.0, scale=SCALE, trust=one) for one in (Trust(), trust))

    assert unsure.level == sure.level
    assert unsure.low < sure.low
    assert unsure.high > sure.high


def test_a_doubt_of_the_profile_is_independent_of_that_of_the_effect():
    settings = replace(SETTINGS, fixed_part=0.0, below=-0.3, above=0.3)

    found = predict_level(0.0, settings, own=1.0, scale=SCALE, trust=Trust(doubt=(0.0, 0.4)))

    assert math.log(found.high) == pytest.approx(0.5)  # 3, 4, 5
    assert math.log(found.low) == pytest.approx(-0.3)  # nobody doubts that side


def test_an_effect_comes_back_from_its_arrays():
    readings = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)

    read = read_effect(part_of(), "blur", 2)

    assert np.array_equal(read.of_each(readings), EFFECT.of_each(readings))


@pytest.mark.parametrize(
    ("array", "value"),
    [
        ("spread", np.zeros(2, np.float32)),
        ("weights", np.array([math.nan, 0], np.float32)),
        ("weights", np.zeros(3, np.float32)),
        ("bias", np.array(math.inf)),
        ("trees.feature", np.array([[2, 0, 0]], np.int32)),
        ("trees.value", np.array([[0, math.nan, 0]], np.float32)),
    ],
)
def test_arrays_that_predict_no_number_are_refused(array: str, value: np.ndarray):
    with pytest.raises(ValueError, match="2 readings for blur"):
        read_effect(part_of(**{array: value}), "blur", 2)


def test_a_missing_array_is_refused():
    part = part_of()
    fewer = {name: array for name, array in part.tensors.items() if name != "blur.weights"}

    with pytest.raises(KeyError, match="weights"):
        read_effect(replace(part, tensors=fewer), "blur", 2)


def test_settings_are_read_from_a_card():
    assert read_settings(CARD) == SETTINGS


@pytest.mark.parametrize(
    "change",
    [
        {"residuals": []},
        {"residuals": [0.1, -0.1]},
        {"residuals": [-0.1, math.nan]},
        {"residuals": [-21.0, 0.0]},
        {"below": 0.1},
        {"above": -0.1},
        {"above": math.inf},
        {"steepness": 0.0},
        {"steepness": math.nan},
        {"fixed_part": -1.0},
    ],
)
def test_settings_that_describe_no_interval_or_curve_are_refused(change: dict[str, Any]):
    with pytest.raises(ValueError, match="an interval around 0 and a rising curve"):
        read_settings({**CARD, **change})
