from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.image import Image
from calibration.profile import default_profile
from calibration.stimuli.registry import DISTORTIONS
from predictor.artifact import read_part, write_part
from predictor.learning.dataset import FAMILIES, Pair
from predictor.learning.noticeability.training import Recipe
from predictor.learning.people.lessons import People, PeopleLessons, learn_about
from predictor.learning.people.qualities import RUNGS, Ladders, fit_qualities
from predictor.learning.people.training import train_people
from predictor.noticeability.full_size import FullSizeModel
from predictor.thresholds.full_size import READINGS, FullSizeDelivery
from predictor.views import FullSizeViewer

PHOTOS = [
    Image(np.ascontiguousarray(pixels[top : top + 256, left : left + 256]))
    for pixels in (data.astronaut(), data.cat(), data.coffee(), data.chelsea())
    for top, left in ((0, 0), (30, 120))
]


@pytest.fixture(scope="module")
def lessons() -> PeopleLessons:
    rng = np.random.default_rng(0)
    pairs = [
        Pair(photo, DISTORTIONS[name].apply(photo, level, rng), str(number), FAMILIES.index(name), level)
        for number, photo in enumerate(PHOTOS)
        for name, level in (("blur", 0.5), ("blur", 2.0), ("blur", 8.0), ("noise", 2.0), ("noise", 12.0))
    ]
    return learn_about(pairs, People(default_profile()))


def test_a_trained_part_tells_large_damage_from_small_and_survives_a_file(
    lessons: PeopleLessons, tmp_path: Path
):
    trained = train_people(lessons, Recipe(epochs=40))
    scores = 90.0 - 15.0 * np.arange(len(RUNGS["jpeg"]))[::-1] + np.random.default_rng(0).normal(size=(48, 1))
    ladders = Ladders(
        np.random.default_rng(0).normal(size=(48, READINGS)).astype(np.float32),
        scores,
        scores,
        np.array([str(number) for number in range(48)]),
    )
    fitted = fit_qualities(ladders, {"jpeg": 100.0, "webp": 40.0}, np.random.default_rng(0))

    write_part(tmp_path, "people", trained.to_part(lessons, ladders, fitted))
    part = read_part(tmp_path, "people")
    model = FullSizeModel.from_part(part)

    reference, profile = PHOTOS[0], default_profile()
    versions = [DISTORTIONS["blur"].apply(reference, level, np.random.default_rng(1)) for level in (0.3, 9.0)]
    slight, strong = model.judge(FullSizeViewer(reference), versions, profile)
    assert slight.probability < 0.3
    assert strong.probability > 0.7
    assert FullSizeDelivery.from_part(part) is not None
    assert part.card["training"]["pictures_encoded"] == 48


def test_one_photograph_is_too_few(lessons: PeopleLessons):
    with pytest.raises(ValueError, match="expected lessons about several photographs, got 1"):
        train_people(lessons.take(lessons.photos == "0"), Recipe(epochs=1))
