import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg
from predictor.critic.network import FeatureNetwork
from predictor.learning.critic.kadid import KINDS, LEVELS
from predictor.learning.critic.lessons import damage_ninth, gather, render
from predictor.learning.critic.views import Photograph, blends_of, smaller, squared, views_of

OPINIONS = {(kind, level): 5.0 - 0.8 * level for kind in KINDS for level in range(1, LEVELS + 1)}


@pytest.fixture
def photographs() -> list[Photograph]:
    return [Photograph(name, Image(getattr(data, name)()), 75.0) for name in ("coffee", "chelsea")]


def test_only_the_named_ninth_changes():
    image = Image(data.coffee())

    changed = np.any(
        damage_ninth(image, ninth=5, kind=11, level=5, rng=np.random.default_rng(0)).pixels != image.pixels,
        axis=2,
    )

    rows, columns = np.nonzero(changed)
    assert rows.min() >= image.height // 3
    assert rows.max() < 2 * image.height // 3
    assert columns.min() >= 2 * image.width // 3


def test_a_photograph_keeps_its_score_and_damage_lowers_it(photographs: list[Photograph]):
    gathered = gather(render(photographs), FeatureNetwork().eval(), OPINIONS)

    lessons = gathered.lessons
    assert lessons.is_photograph.sum() == len(photographs)
    # itself, six damaged versions, three parts, two smaller copies and two damaged ones
    assert len(lessons.mos) == 14 * len(photographs)
    assert np.all(lessons.mos == 75)
    assert np.all(lessons.remains[lessons.is_photograph] == 1)
    assert (lessons.remains[~lessons.is_photograph] == 1).sum() == 5 * len(photographs)
    assert gathered.losses.max() > 0
    assert len(gathered.measures) == len(gathered.losses)


def test_each_kind_of_damage_is_shown_at_two_levels_of_one_photograph(photographs: list[Photograph]):
    versions = [one for one in render(photographs) if one.kind and one.is_whole and not one.is_copy]

    for photograph in photographs:
        made = [(one.kind, one.level) for one in versions if one.photograph is photograph]
        assert len(set(made)) == 6
        assert len({kind for kind, _ in made}) == 3


def test_every_photograph_gives_square_views_of_itself_and_with_another(photographs: list[Photograph]):
    views, blends = list(views_of(photographs)), list(blends_of(photographs))

    assert [view.shape for view in views] == [(256, 256, 3)] * 12
    assert [view.shape for view in blends] == [(256, 256, 3)] * 6
    assert np.array_equal(views[0], squared(photographs[0].image.pixels))


def test_smaller_copies_have_no_blocks_of_a_codec(photographs: list[Photograph]):
    stored = decode(encode_jpeg(photographs[0].image, 60)).image
    rng = np.random.default_rng(0)

    def grid(image: Image) -> float:
        light = image.pixels.mean(axis=2)
        steps = np.abs(np.diff(light, axis=1)).mean(axis=0)
        steps = steps[: len(steps) // 8 * 8].reshape(-1, 8).mean(axis=0)
        return float(steps.max() / np.median(steps))

    copies = [smaller(stored, rng) for _ in range(6)]

    assert all(copy.width < stored.width for copy in copies)
    assert max(grid(copy) for copy in copies) < grid(stored)
