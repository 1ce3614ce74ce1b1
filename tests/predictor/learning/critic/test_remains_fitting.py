import numpy as np
import pytest

from predictor.learning.critic.remains_fitting import fit_shares, fit_worth, remaining


def test_what_nobody_sees_leaves_all_and_what_ruins_leaves_little():
    opinions = {(1, 1): 4.6, (1, 5): 1.2}

    assert remaining(opinions, 1, 1) > 0.99
    assert remaining(opinions, 1, 5) < 0.15


def test_the_milder_of_two_judges_is_told():
    rng = np.random.default_rng(0)
    remains = np.where(np.arange(300) % 2, 1.0, rng.uniform(0.1, 0.9, 300)).astype(np.float32)
    rows = np.stack([1 - remains + 0.05 * rng.standard_normal(300), rng.standard_normal(300)], axis=1)
    rows = rows.astype(np.float32)

    shares = fit_shares(rows, rows, remains, remains == 1, steps=400)

    told = shares.told(rows, rows)
    assert np.corrcoef(told, remains)[0, 1] > 0.9
    assert np.all(told >= shares.layers.of(rows))
    assert np.all(told >= np.clip(shares.trees.log_odds(rows), 0, 1))


def test_where_photographs_are_many_a_middling_share_is_hardly_believed():
    rng = np.random.default_rng(0)
    remains = np.repeat([1.0, 0.3], 400).astype(np.float32)
    told = np.concatenate([rng.normal(0.85, 0.1, 400), rng.normal(0.4, 0.15, 400)]).clip(0, 1)

    worth = fit_worth(told.astype(np.float32), remains)

    found = worth.of(np.array([0.05, 0.3, 0.65, 0.8], np.float32))
    assert (np.diff(found) > 0).all()  # more damage always costs something
    assert found[0] == pytest.approx(0.3, abs=0.05)
    assert found[2] > 0.75
