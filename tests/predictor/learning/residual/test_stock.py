import numpy as np
import pytest
from skimage import data

from predictor.learning.residual.stock import Orders, Stock, build_banks, ordered, taken

PICTURES = [np.ascontiguousarray(data.astronaut()[at : at + 112, at : at + 112]) for at in range(0, 96, 16)]


def made(seed: int) -> dict[str, list[tuple[bool, int]]]:
    """Order a little of everything but the judge; what is not asked for is not made."""
    stock = Stock(PICTURES[:2], PICTURES[2:4], PICTURES[4:], [], [])
    with ordered(
        stock,
        network_twins=2,
        tree_twins=2,
        tree_benign_each=1,
        tree_hard_each=1,
        benign_each=1,
        judge_pictures=1,
        judge_each=1,
        workers=1,
        seed=seed,
    ) as orders:
        return {
            name: [(one.is_attacked, int(one.tiles.sum())) for one in taken(getattr(orders, name))]
            for name in ("network", "trees", "extra", "hard", "benign")
        }


@pytest.fixture(scope="module")
def first() -> dict[str, list[tuple[bool, int]]]:
    return made(seed=0)


def test_as_much_is_made_as_was_ordered(first: dict[str, list[tuple[bool, int]]]):
    assert {name: len(samples) for name, samples in first.items()} == {
        "network": 4,
        "trees": 4,
        "extra": 2,
        "hard": 2,
        "benign": 2,
    }
    assert [is_attacked for is_attacked, _ in first["network"]] == [False, True] * 2
    assert not any(is_attacked for name in ("extra", "hard", "benign") for is_attacked, _ in first[name])


def test_the_seed_decides_what_is_made(first: dict[str, list[tuple[bool, int]]]):
    assert made(seed=0) == first
    assert made(seed=1) != first


def test_no_batch_stays_in_memory_once_it_is_taken():
    stock = Stock(PICTURES[:1], PICTURES[1:2], PICTURES[2:3], [], [])
    counts = dict.fromkeys(
        ("network_twins", "tree_twins", "tree_benign_each", "tree_hard_each", "judge_pictures", "judge_each"),
        0,
    )
    with ordered(stock, **counts, benign_each=1, workers=1, seed=0) as orders:
        assert isinstance(orders, Orders)
        before = len(orders.benign)
        assert len(list(taken(orders.benign))) == 1

    assert (before, orders.benign) == (4, [])


@pytest.mark.slow  # attacks 300 pictures
def test_each_pool_gets_a_bank_of_its_own_pictures():
    pools = [[np.full((64, 64, 3), level, dtype=np.uint8)] for level in (40, 200)]

    banks = build_banks(pools, [], rounds=1, workers=1, seed=0)

    assert [{int(entry.clean[0, 0, 0]) for entry in bank} for bank in banks] == [{40}, {200}]
