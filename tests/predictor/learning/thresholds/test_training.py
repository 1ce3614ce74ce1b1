from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from skimage import data

from calibration.image import Image
from calibration.profile import default_profile
from calibration.stimuli.registry import DISTORTIONS
from predictor.artifact import Part
from predictor.learning.thresholds.delivery_search import Delivered
from predictor.learning.thresholds.kept_thresholds import Answers
from predictor.learning.thresholds.search import Searched
from predictor.learning.thresholds.training import (
    Learned,
    Stranger,
    learn_thresholds,
    own_profile,
    seen_rows,
    thresholds_part,
    widening_for,
)
from predictor.thresholds.delivery import DELIVERIES, LARGEST_RATIO
from predictor.thresholds.model import ThresholdModel
from predictor.views import model_view

PROFILE = default_profile("taught")


def crops(count: int) -> list[Image]:
    pixels, rng = data.astronaut(), np.random.default_rng(0)
    corners = rng.integers(0, 380, (count, 2))
    return [Image(np.ascontiguousarray(pixels[y : y + 132, x : x + 132])) for y, x in corners]


def searched(log_levels: npt.NDArray[np.float64]) -> Searched:
    no = np.zeros(len(log_levels), dtype=bool)
    return Searched(log_levels, no, no, drawn=log_levels, noticed=np.full(len(log_levels), 0.5))


def made_up(pictures: Sequence[Image], seed: int, off: float = 0.0) -> Answers:
    """Thresholds of the profile, a little noise, and `off` more."""
    rng, count = np.random.default_rng(seed), len(pictures)
    noise = {name: rng.normal(off, 0.1, count) for name in (*DISTORTIONS, *DELIVERIES)}
    return Answers(
        np.stack([model_view(picture, 96).pixels for picture in pictures]),
        {name: searched(np.log(PROFILE.threshold_of(name) or 1.0) + noise[name]) for name in DISTORTIONS},
        {
            name: Delivered(
                np.exp(rng.uniform(0, np.log(LARGEST_RATIO), count)), searched(np.log(20.0) + noise[name])
            )
            for name in DELIVERIES
        },
    )


@dataclass(frozen=True)
class Lesson:
    answers: Answers
    strangers: list[Stranger]
    learned: Learned


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    pictures = crops(60)
    answers = made_up(pictures, 0)
    strangers = [Stranger(made_up(pictures[:20], 1, off=0.4), PROFILE)]
    return Lesson(answers, strangers, learn_thresholds(answers, PROFILE, strangers))


@pytest.fixture
def part(lesson: Lesson) -> Part:
    return thresholds_part(lesson.learned, lesson.answers, PROFILE, lesson.strangers)


@pytest.mark.slow
def test_what_was_learned_can_be_served(part: Part):
    found = ThresholdModel.from_part(part).predict(crops(1)[0], PROFILE)

    for name, one in found.items():
        assert one.level == pytest.approx(PROFILE.threshold_of(name) or 1.0, rel=0.25)
        assert one.low < one.level < one.high


@pytest.mark.slow
def test_strangers_that_lie_further_off_widen_the_intervals_of_models_not_met(part: Part):
    assert part.card["widening"] > 1.3


@pytest.mark.slow
def test_the_card_says_who_taught_and_who_did_not(part: Part):
    assert [one["model"] for one in part.card["training"]["observers"]] == ["taught"]
    assert [one["pictures"] for one in part.card["training"]["strangers"]] == [20]
    assert [one["fresh_pictures"] for one in part.card["training"]["strangers"]] == [0]
    assert set(part.card["figures"]) == {*DISTORTIONS, *(f"sent {name}" for name in DELIVERIES)}


@pytest.mark.slow
def test_what_strangers_show_on_fitted_photographs_does_not_count_beside_fresh_ones(lesson: Lesson):
    taught, fresh = lesson.answers, made_up(crops(80)[60:], 1, off=0.4)
    shown = Answers.join([taught.of(np.repeat(np.arange(40), 20)), fresh])

    assert widening_for([Stranger(shown, PROFILE)], lesson.learned.families, taught) > 1.3


def test_photographs_already_taught_are_known_by_their_content():
    pictures = crops(5)

    rows = seen_rows(made_up(pictures[2:], 1), made_up(pictures[:4], 0))

    assert rows.tolist() == [2, 3, -1]


def test_an_observer_nobody_measured_is_not_taken_for_a_person():
    with pytest.raises(ValueError, match="measured profile of a-model-nobody-knows, got a default"):
        own_profile("a-model-nobody-knows")
    with pytest.raises(ValueError, match="measured profile of gpt-4o, got a published-prior"):
        own_profile("gpt-4o")


def test_a_measured_observer_or_a_profile_given_is_taken_at_its_word():
    assert own_profile("embedded").source == "measured"
    assert own_profile("a-model-nobody-knows", "embedded").model == "embedded"
