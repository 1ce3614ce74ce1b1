import numpy as np
import pytest
from skimage import data

from calibration.image import Image
from calibration.stimuli.registry import DISTORTIONS
from predictor.critic.colourfulness import COLOUR_COLUMNS, ColourModel
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


def test_no_colour_ever_lowers_the_score(model: ColourModel):
    assert (model.line[:COLOUR_COLUMNS] >= 0).all()
    assert (np.diff(model.values) >= 0).all()
