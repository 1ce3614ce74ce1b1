import numpy as np
import pytest
from skimage import data

from calibration.image import Image
from calibration.stimuli.registry import DISTORTIONS
from predictor.critic.colourfulness import ColourModel
from predictor.critic.measures import measure
from predictor.learning.critic.colour_training import colours_of, train_colours
from predictor.learning.critic.views import Photograph


@pytest.fixture(scope="module")
def model() -> ColourModel:
    names = ("coffee", "chelsea", "camera")
    pictures = [data.coffee(), data.chelsea(), np.repeat(data.camera()[..., None], 3, axis=2)]
    taught = [
        Photograph(name, Image(np.ascontiguousarray(pixels)), 70.0)
        for name, pixels in zip(names, pictures, strict=True)
    ]
    return train_colours(colours_of(taught))  # the grey one teaches nothing


def test_stronger_colours_of_another_picture_score_more(model: ColourModel):
    scores = [
        model.judge(
            measure(DISTORTIONS["saturation"].apply(Image(data.astronaut()), level, np.random.default_rng(0)))
        )
        for level in (0, 8, 20, 45)
    ]

    assert scores == sorted(scores)
    assert scores[-1] > scores[0] + 15


@pytest.mark.parametrize("picture", ["astronaut", "rocket"])
def test_no_step_to_stronger_colours_lowers_the_score_of_another_picture(model: ColourModel, picture: str):
    values = getattr(data, picture)().astype(np.float32)
    grey = values.mean(axis=2, keepdims=True)

    scores = [
        model.judge(measure(Image(np.clip(grey + (values - grey) * factor, 0, 255).astype(np.uint8))))
        for factor in (0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.2, 1.6, 2.2, 3.0, 4.0)
    ]

    assert scores == sorted(scores)
    assert (np.diff(model.values) >= 0).all()
