import numpy as np
import pytest
from skimage import data

from predictor.learning.residual.bank import build_bank, load_victims, rescaled


@pytest.fixture(scope="module")
def bank():
    pool = [data.astronaut()[start : start + 200, start : start + 200] for start in range(0, 312, 8)]
    return build_bank(pool, [], rounds=1, rng=np.random.default_rng(0))


def test_every_attacked_picture_keeps_its_bound_and_carries_something(bank):
    for entry in bank:
        assert entry.added.shape == entry.clean.shape
        assert 0 < np.abs(entry.added).max() <= entry.eps


def test_the_bank_holds_attacks_on_one_picture_and_on_many(bank):
    kinds = {entry.added.tobytes() for entry in bank}

    assert len(bank) / 2 < len(kinds) < len(bank)  # those for many pictures repeat


def test_rescaling_reaches_the_new_bound(bank):
    entry = max(bank, key=lambda one: np.abs(one.added).max())

    assert np.abs(rescaled(entry, 4.0)).max() == pytest.approx(4.0, abs=1.0)


def test_a_folder_without_networks_has_no_victims(tmp_path):
    assert load_victims(tmp_path, []) == []
