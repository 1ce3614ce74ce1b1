import numpy as np
import pytest
from skimage import data
from transformers import AutoModel

from calibration.image import Image
from calibration.observers.critic.architecture import VISION_WIDTH, build_tower_config
from predictor.artifact import default_directory
from predictor.critic.specialist import load_specialist
from predictor.learning.critic.kadid import LEVELS
from predictor.learning.critic.views import Photograph
from predictor.learning.critic_lmm.pictures import Pictures, make_pictures, two_levels

WIDE = np.concatenate([data.astronaut()[:400], data.coffee()[:400, :500]], axis=1)
PHOTOGRAPHS = [
    Photograph(
        f"{at}.jpg", Image(np.ascontiguousarray(WIDE[:256, 100 * at : 100 * at + 256])), 40.0 + 10 * at
    )
    for at in range(5)
]
OPINIONS = {(kind, level): 5 - 0.7 * level for kind in range(1, 26) for level in range(1, LEVELS + 1)}


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    tiny = [(np.full((32, 32, 3), 90, np.uint8), 1.0), (np.full((32, 32, 3), 30, np.uint8), 0.0)]
    return make_pictures(
        PHOTOGRAPHS,
        tiny,
        tower=AutoModel.from_config(build_tower_config()),
        attributes=load_specialist(default_directory()).attributes,
        opinions=OPINIONS,
        report=lambda _: None,
    )


def test_every_picture_has_labels_and_what_is_seen_in_its_views(pictures: Pictures):
    count = len(pictures.photographs.judged)

    assert count == 5 * 2 + 3 * 3 + 2
    assert pictures.photographs.features.shape == (count, 5, 9, VISION_WIDTH)
    assert pictures.tiny.features.shape == (2, 1, 9, VISION_WIDTH)
    assert [one.generated for one in pictures.tiny.judged] == [1.0, 0.0]
    assert sum(one.place is not None for one in pictures.photographs.judged) == 2


def test_of_two_versions_that_can_be_compared_the_more_damaged_is_the_worse(pictures: Pictures):
    judged = pictures.photographs.judged

    assert len(pictures.pairs) == 3 * 4
    assert all(judged[better].mos > judged[worse].mos for better, worse in pictures.pairs)


def test_two_levels_are_of_one_damage_the_lesser_first():
    rng = np.random.default_rng(0)

    for _ in range(6):
        less, more = two_levels(PHOTOGRAPHS[0].image, OPINIONS, rng)
        assert less.name == more.name
        assert less.level < more.level
