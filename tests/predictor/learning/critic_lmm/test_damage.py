import numpy as np
import pytest
from skimage import data

from calibration.image import Image
from predictor.artifact import default_directory
from predictor.critic.measures import measure
from predictor.critic.specialist import load_specialist
from predictor.learning.critic.kadid import KINDS, LEVELS
from predictor.learning.critic_lmm.damage import FLAWED, attribute_damage, damage_at_random, kadid_damage
from predictor.learning.critic_lmm.judged import ATTRIBUTE_OF

PHOTOGRAPH = Image(np.ascontiguousarray(data.astronaut()[100:356, 100:356]))
OPINIONS = {(kind, level): 5 - 0.7 * level for kind in range(1, 26) for level in range(1, LEVELS + 1)}
RISING = {"noise", "lighter"}  # whose attribute rises; that of the others falls


@pytest.mark.parametrize("name", FLAWED)
def test_more_damage_moves_its_attribute_further_and_leaves_less_of_the_score(name: str):
    attributes = load_specialist(default_directory()).attributes
    made = [
        attribute_damage(PHOTOGRAPH, name, level, np.random.default_rng(0)) for level in range(1, LEVELS + 1)
    ]

    amounts = [
        getattr(attributes.judge(measure(one.image)), ATTRIBUTE_OF[one.flaw]) for one in made if one.flaw
    ]
    left = [one.remaining for one in made]
    assert amounts == sorted(amounts, reverse=name not in RISING)
    assert left == sorted(left, reverse=True)


def test_damage_drawn_at_random_is_of_known_kind_level_and_remains():
    rng = np.random.default_rng(0)
    drawn = [damage_at_random(PHOTOGRAPH, OPINIONS, rng) for _ in range(12)]

    for one in drawn:
        kind = one.name.removeprefix("kadid ")
        assert one.name in FLAWED or int(kind) in KINDS
        assert 1 <= one.level <= LEVELS
        assert 0 < one.remaining <= 1
    assert len({one.name for one in drawn}) > 4


def test_kadids_kinds_that_stand_for_an_attribute_say_so():
    rng = np.random.default_rng(0)

    assert kadid_damage(PHOTOGRAPH, 1, 5, OPINIONS, rng).flaw == "blurred"
    assert kadid_damage(PHOTOGRAPH, 23, 5, OPINIONS, rng).flaw is None
