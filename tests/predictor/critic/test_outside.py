import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from skimage import data

from calibration.image import Image, decode
from predictor.critic.measures import measure
from predictor.critic.outside import UNLIKE_PHOTOGRAPHS, Signs, outside_reason, unlikeness


def _chart() -> Image:
    figure, file = Figure(figsize=(6, 4), dpi=100), io.BytesIO()
    figure.subplots().plot(np.sin(np.linspace(0, 9, 60)))
    figure.savefig(file, format="png")
    return decode(file.getvalue()).image


@pytest.mark.parametrize(
    "image", [_chart(), Image(np.full((64, 64, 3), 200, np.uint8)), Image(np.zeros((300, 200, 3), np.uint8))]
)
def test_a_chart_and_one_even_tone_are_unlike_photographs(image: Image):
    assert outside_reason(measure(image)) == UNLIKE_PHOTOGRAPHS


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket", "camera"])
def test_photographs_are_not(name: str):
    pixels = getattr(data, name)()
    pixels = np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels

    assert outside_reason(measure(Image(np.ascontiguousarray(pixels)))) is None


def test_a_photograph_of_eight_tones_is_told_too():
    tones = np.repeat((data.camera() // 32 * 32)[..., None], 3, axis=2)

    assert outside_reason(measure(Image(tones))) == UNLIKE_PHOTOGRAPHS


def test_fewer_tones_and_more_white_are_further_from_photographs():
    assert unlikeness(Signs(7.2, 0.0)) < 0 < unlikeness(Signs(2.0, 0.0))
    assert unlikeness(Signs(4.5, 0.0)) < 0 < unlikeness(Signs(4.5, 0.6))
