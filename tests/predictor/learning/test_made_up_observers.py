import numpy as np
from skimage import data

from calibration.image import Image, resize
from predictor.learning.made_up_observers import damage, made_up

PHOTO = resize(Image(np.ascontiguousarray(data.coffee())), 96, 96)


def test_the_threshold_is_where_half_is_noticed():
    seer = made_up(4, 96)

    level = seer.threshold(PHOTO, "noise", 0)

    assert abs(seer.chance(PHOTO, damage(PHOTO, "noise", level, 0), "noise") - 0.5) < 0.2


def test_identical_pictures_are_hardly_ever_called_different():
    assert made_up(5, 96).chance(PHOTO, PHOTO, "blur") < 0.01
