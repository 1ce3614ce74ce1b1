import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, resize
from calibration.known_profiles import resolve_profile
from calibration.profile import JndProfile
from predictor.artifact import default_directory, read_part
from predictor.thresholds.delivery import Delivery, jpeg_strength, quality_of, ratio_of, webp_strength
from predictor.thresholds.model import ThresholdModel

CAT = Image(np.ascontiguousarray(data.cat()))


@pytest.fixture(scope="module")
def model() -> ThresholdModel:
    return ThresholdModel.from_part(read_part(default_directory(), "thresholds"))


@pytest.fixture(scope="module")
def embedded() -> JndProfile:
    return resolve_profile("embedded")


def test_more_may_be_lost_where_more_may_be_noticed(model: ThresholdModel, embedded: JndProfile):
    forecast = model.forecast(CAT, embedded)

    careful, bold = forecast.settings(0.05), forecast.settings(0.6)

    assert careful.jpeg_quality > bold.jpeg_quality
    assert careful.webp_quality > bold.webp_quality
    assert 0 < bold.scale < careful.scale <= 1


def test_the_same_photograph_may_lose_more_when_it_is_sent_larger(
    model: ThresholdModel, embedded: JndProfile
):
    forecast = model.forecast(CAT, embedded)

    qualities = [forecast.quality("jpeg", side, 0.2) for side in (96, 150, 250, 500)]

    assert qualities == sorted(qualities, reverse=True)
    assert qualities[0] > qualities[-1]


def test_how_small_a_picture_may_get_hardly_depends_on_how_large_it_was(
    model: ThresholdModel, embedded: JndProfile
):
    large = Image(np.ascontiguousarray(data.astronaut()))
    sides = [
        model.forecast(resize(large, side, side, "area"), embedded).least_short_side(0.2)
        for side in (256, 512)
    ]

    assert 0.75 < sides[0] / sides[1] < 1.33
    assert sides[1] < 256


def test_beyond_what_was_learned_no_more_is_allowed(model: ThresholdModel, embedded: JndProfile):
    forecast = model.forecast(CAT, embedded)

    assert forecast.quality("jpeg", 600, 0.2) == forecast.quality("jpeg", 6000, 0.2)
    assert ratio_of(10, embedded) == 1.0


def test_a_model_whose_input_is_unknown_is_taken_to_see_every_pixel(
    model: ThresholdModel, embedded: JndProfile
):
    unknown, forecast = (
        model.forecast(CAT, profile) for profile in (replace(embedded, input_side=None), embedded)
    )

    assert unknown.settings(0.2).scale == 1.0
    assert unknown.quality("jpeg", 300, 0.2) == forecast.quality("jpeg", 96, 0.2)


def test_a_model_training_has_not_met_is_treated_more_carefully(embedded: JndProfile):
    part = read_part(default_directory(), "thresholds")
    wary = ThresholdModel.from_part(replace(part, card={**part.card, "widening": 2.0}))

    met, stranger = (
        wary.forecast(CAT, profile).settings(0.05)
        for profile in (embedded, replace(embedded, model="stranger"))
    )

    assert stranger.jpeg_quality > met.jpeg_quality
    assert stranger.scale > met.scale


@pytest.mark.parametrize("shape", [(1, 1), (1, 10_000), (10_000, 1), (96, 96), (700, 500)])
@pytest.mark.parametrize("name", ["embedded", "a-model-nobody-knows", "gpt-4o"])
def test_pictures_of_any_shape_have_sound_settings(model: ThresholdModel, shape: tuple[int, int], name: str):
    picture = Image(np.full((*shape, 3), 128, np.uint8))

    forecast = model.forecast(picture, resolve_profile(name))
    careful, usual, bold = (forecast.settings(probability) for probability in (0.001, 0.5, 0.999))

    assert 100 >= careful.jpeg_quality >= usual.jpeg_quality >= bold.jpeg_quality >= 1
    assert 100 >= careful.webp_quality >= usual.webp_quality >= bold.webp_quality >= 0
    assert 1 >= careful.scale >= usual.scale >= bold.scale > 0


@pytest.mark.parametrize(("name", "strength"), [("jpeg", jpeg_strength), ("webp", webp_strength)])
def test_a_strength_becomes_the_lowest_quality_that_is_no_stronger(
    name: Delivery, strength: Callable[[float], float]
):
    qualities = range(1, 101)

    assert [quality_of(name, strength(quality)) for quality in qualities] == list(qualities)
    assert all(strength(one) > strength(other) for one, other in itertools.pairwise(qualities))
    assert quality_of(name, strength(50) * 1.01) == 50
    assert quality_of(name, 0.0) == 100


def test_the_strength_of_webp_is_that_of_its_table():
    assert webp_strength(100) == 4
    assert webp_strength(0) == pytest.approx(284)


def test_a_probability_outside_its_range_is_refused(model: ThresholdModel, embedded: JndProfile):
    with pytest.raises(ValueError, match="between 0 and 1"):
        model.forecast(CAT, embedded).settings(0.0)


def test_a_size_is_noticed_as_surely_as_it_was_allowed_to_be(model: ThresholdModel, embedded: JndProfile):
    forecast = model.forecast(CAT, embedded)

    chances = [forecast.size_probability(forecast.least_short_side(wanted)) for wanted in (0.05, 0.2, 0.5)]

    assert chances == pytest.approx([0.05, 0.2, 0.5], abs=0.02)
    assert forecast.size_probability(CAT.height) == 0.0
