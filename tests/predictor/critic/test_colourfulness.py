import cv2
import numpy as np
import pytest
from skimage import data

from calibration.image import Image
from predictor.artifact import default_directory
from predictor.critic.colourfulness import ColourModel, colour_amount
from predictor.critic.measures import measure
from predictor.critic.specialist import load_specialist


@pytest.fixture(scope="module")
def model() -> ColourModel:
    return load_specialist(default_directory()).attributes.colours


def _score(model: ColourModel, pixels: np.ndarray) -> float:
    return model.judge(measure(Image(np.ascontiguousarray(pixels))))


def test_grey_has_no_colour_and_a_trace_of_it_next_to_none(model: ColourModel):
    grey = np.full((90, 120, 3), 128, np.uint8)
    trace = grey + np.array([1, 0, 0], np.uint8)

    assert _score(model, grey) == 0
    assert _score(model, trace) < 15


@pytest.mark.parametrize("picture", ["astronaut", "coffee", "chelsea"])
def test_a_photograph_turned_paler_and_stronger_scores_in_that_order(model: ColourModel, picture: str):
    values = getattr(data, picture)().astype(np.float32)
    grey = values.mean(axis=2, keepdims=True)

    scores = [
        _score(model, np.clip(grey + (values - grey) * factor, 0, 255).astype(np.uint8))
        for factor in (0.1, 0.5, 1.0, 2.0, 4.0)
    ]

    assert scores == sorted(scores)
    assert scores[0] < 25
    assert scores[-1] > 75


def test_a_chart_in_strong_colours_is_colourful(model: ColourModel):
    chart = np.full((200, 300, 3), 255, np.uint8)
    for left, colour in ((50, (31, 119, 180)), (120, (255, 127, 14)), (200, (44, 160, 44))):
        cv2.rectangle(chart, (left, 40), (left + 50, 199), colour, -1)

    assert _score(model, chart) > 64


def test_the_amount_of_colour_is_what_was_published():
    halves = np.zeros((60, 60, 3), np.uint8)
    halves[:, :30] = (255, 0, 0)
    halves[:, 30:] = (0, 0, 255)

    red_green, yellow_blue = np.array([1.0, 0.0]), np.array([0.5, -1.0])
    spread = np.hypot(red_green.std(), yellow_blue.std())
    expected = spread + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean())
    assert colour_amount(measure(Image(halves))) == pytest.approx(expected, abs=0.01)
