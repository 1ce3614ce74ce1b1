from collections import Counter

import numpy as np
import pytest

from calibration.procedures.constant import Constant, FixedLevels, constant_levels


def levels_of(procedure: FixedLevels) -> list[float]:
    levels = []
    while (step := procedure.place(len(levels))) is not None:
        levels.append(step.level)
    return levels


@pytest.mark.parametrize("queries", [10, 25, 100])
def test_it_ends_after_its_queries_a_fifth_of_them_identical_pairs(queries: int):
    levels = levels_of(Constant(50.0, queries, np.random.default_rng(0)))

    assert len(levels) == queries
    assert abs(Counter(levels)[0.0] - queries / 5) <= 2


def test_whole_rounds_show_every_level_equally_often_in_shuffled_order():
    levels = levels_of(Constant(100.0, 40, np.random.default_rng(0)))

    assert {Counter(levels)[level] for level in constant_levels(100.0)} == {4}
    assert levels != sorted(levels)


def test_the_strongest_level_is_shown():
    assert max(constant_levels(50.0)) == 50.0


def test_fixed_levels_come_once_a_round_in_an_order_the_seed_decides():
    first, again, other = (
        levels_of(FixedLevels([0.0, 5.0, 50.0], 9, np.random.default_rng(seed))) for seed in (0, 0, 1)
    )

    assert [sorted(first[start : start + 3]) for start in (0, 3, 6)] == [[0.0, 5.0, 50.0]] * 3
    assert first == again != other
