import numpy as np
import pytest
import torch
from skimage import data
from transformers import AutoModel

from calibration.image import Image
from calibration.observers.critic.architecture import VISION_WIDTH, build_tower_config
from predictor.artifact import default_directory
from predictor.critic.measures import measure
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

    assert count == 5 * 2 + 3 * 4 + 2
    assert [len(versions) for versions in pictures.untouched] == [2] * 5
    assert len({at for versions in pictures.untouched for at in versions}) == 10
    assert sum(not one.is_damaged for one in pictures.photographs.judged) == 10
    assert not any(pictures.photographs.judged[at].is_damaged for pair in pictures.untouched for at in pair)
    assert pictures.photographs.features.shape == (count, 5, 9, VISION_WIDTH)
    assert pictures.tiny.features.shape == (2, 1, 9, VISION_WIDTH)
    assert [one.generated for one in pictures.tiny.judged] == [1.0, 0.0]
    assert sum(one.place is not None for one in pictures.photographs.judged) == 2


def test_of_two_versions_that_can_be_compared_the_more_damaged_is_the_worse(pictures: Pictures):
    judged = pictures.photographs.judged

    assert len(pictures.pairs) == 3 * 6
    assert all(judged[better].mos > judged[worse].mos for better, worse in pictures.pairs)
    assert all(judged[better].photograph == judged[worse].photograph for better, worse in pictures.pairs)


def test_attributes_are_those_that_the_specialist_judges(pictures: Pictures):
    judge = load_specialist(default_directory()).attributes

    found = pictures.photographs.judged[0].attributes

    assert found == judge.judge(measure(PHOTOGRAPHS[0].image))


def test_the_score_of_a_photograph_is_what_is_expected_of_what_is_seen(pictures: Pictures):
    seen = pictures.photographs
    first, second = (versions[0] for versions in pictures.untouched[:2])

    expected = pictures.expected.of(torch.from_numpy(seen.features[[first, second]]).float()).tolist()

    assert [seen.judged[first].mos, seen.judged[second].mos] == pytest.approx(expected, abs=1e-3)


def test_two_levels_are_of_one_damage_the_lesser_first():
    rng = np.random.default_rng(0)

    for _ in range(6):
        less, more = two_levels(PHOTOGRAPHS[0].image, OPINIONS, rng)
        assert less.name == more.name
        assert less.level < more.level
