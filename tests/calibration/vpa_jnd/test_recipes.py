from collections import Counter

import numpy as np
import pytest

from calibration.stimuli.registry import ALL_DISTORTIONS
from calibration.vpa_jnd.recipes import EDIT, NO_LEVEL, Part, build_recipe


def parts(name: str) -> dict[str, Part]:
    return {part.distortion: part for part in build_recipe(name).parts}


def test_the_papers_recipe_has_the_papers_counts():
    recipe = build_recipe("paper")
    stimuli: Counter[str] = Counter()
    references: dict[str, set[int]] = {}
    for part in recipe.parts:
        stimuli[part.category] += len(part.levels)
        references.setdefault(part.category, set()).update(part.references.tolist())

    assert stimuli == {
        "low-level": 304_400,
        "benign injection": 23_465,
        "malicious injection": 151_200,
        "viewpoint": 10_000,
    }
    assert stimuli.total() == 489_065
    assert {name: len(found) for name, found in references.items()} == {
        "low-level": 3_008,
        "benign injection": 18_390,
        "malicious injection": 1_008,
        "viewpoint": 200,
    }
    assert references["malicious injection"] < references["low-level"]
    assert set().union(*references.values()) == set(range(21_598))
    assert recipe.references == 21_598


def test_the_papers_recipe_has_its_twelve_columns_and_the_benign_pairs():
    assert len(parts("paper")) == 12 + 1
    assert not {"webp", "rescale", "png8", "chroma"} & set(parts("paper"))


def test_banding_shows_every_level_equally_often_on_pictures_of_its_own():
    banding = parts("paper")["banding"]

    assert set(Counter(banding.levels.tolist()).values()) == {20}
    assert set(Counter(banding.levels.tolist())) == set(range(1, 101))
    assert len(np.unique(banding.references)) == 2_000


def test_jpeg_goes_to_level_one_hundred_on_half_of_the_sources():
    jpeg = parts("paper")["jpeg"]

    assert (jpeg.levels.min(), jpeg.levels.max()) == (1, 100)
    assert len(np.unique(jpeg.references)) == 504


def test_the_small_recipe_has_every_distortion_there_is():
    assert set(parts("small")) == {*ALL_DISTORTIONS, EDIT}
    assert sum(len(part.levels) for part in parts("small").values()) < 500


@pytest.mark.parametrize("name", ["paper", "small"])
def test_every_level_lies_within_its_distortion_and_none_is_the_reference(name: str):
    for distortion, part in parts(name).items():
        if distortion == EDIT:
            assert set(part.levels.tolist()) == {NO_LEVEL}
        else:
            assert part.levels.min() >= 1
            assert part.levels.max() == ALL_DISTORTIONS[distortion].levels
        assert part.references.max() < build_recipe(name).references


def test_an_unknown_recipe_is_refused_with_those_that_exist():
    with pytest.raises(ValueError, match="expected a recipe among paper, small; got 'big'"):
        build_recipe("big")
