import numpy as np
from skimage import data

from calibration.image import Image
from calibration.stimuli.registry import DISTORTIONS
from predictor.critic.measures import measure
from predictor.learning.critic.attribute_training import train_attributes, versions_of
from predictor.learning.critic.views import Photograph


def test_lines_learned_from_pairs_order_damage_of_another_picture():
    taught = [
        Photograph(name, Image(getattr(data, name)()), 80.0) for name in ("coffee", "chelsea", "rocket")
    ]
    other = Image(data.astronaut())

    model = train_attributes(versions_of(taught))

    noisiness, sharpness = (
        [
            model.ranked(measure(DISTORTIONS[name].apply(other, level, np.random.default_rng(0))))[place]
            for level in levels
        ]
        for place, name, levels in ((0, "noise", (0, 5, 12, 40)), (1, "blur", (12, 5, 2, 0)))
    )
    assert noisiness == sorted(noisiness)
    assert sharpness == sorted(sharpness)
