import numpy as np
from skimage import data

from calibration.image import Image
from calibration.stimuli.registry import DISTORTIONS
from predictor.critic.measures import measure
from predictor.learning.critic.attribute_training import exposures_of, train_attributes, versions_of
from predictor.learning.critic.colour_training import colours_of
from predictor.learning.critic.views import Photograph


def test_lines_learned_from_pairs_order_damage_of_another_picture():
    taught = [
        Photograph(name, Image(getattr(data, name)()), 80.0) for name in ("coffee", "chelsea", "rocket")
    ]
    other = Image(data.astronaut())

    model = train_attributes(versions_of(taught), exposures_of(taught), colours_of(taught))

    noisiness, sharpness = (
        [
            model.ranked(measure(DISTORTIONS[name].apply(other, level, np.random.default_rng(0))))[place]
            for level in levels
        ]
        for place, name, levels in ((0, "noise", (0, 5, 12, 40)), (1, "blur", (12, 5, 2, 0)))
    )
    assert noisiness == sorted(noisiness)
    assert sharpness == sorted(sharpness)


def test_exposures_of_unlike_pictures_are_ordered_by_how_much_each_was_lightened():
    names = ("coffee", "chelsea", "rocket", "astronaut")
    pictures = [Photograph(name, Image(getattr(data, name)()), 80.0) for name in names]
    taught, others = pictures[:2], pictures[2:]
    model = train_attributes(versions_of(taught[:1]), exposures_of(taught), colours_of(taught))

    steps = (-40, -20, 0, 20, 40)
    scores = [
        [
            model.brightness(measure(Image(np.clip(one.image.pixels + 2.55 * step, 0, 255).astype(np.uint8))))
            for step in steps
        ]
        for one in others
    ]

    assert all(one == sorted(one) for one in scores)
    assert (model.tones >= 0).all()
    assert max(one[0] for one in scores) < min(one[-1] for one in scores)
