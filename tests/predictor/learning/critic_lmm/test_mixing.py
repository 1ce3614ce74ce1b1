import numpy as np
import pytest
import torch

from predictor.critic.critique import Attributes
from predictor.learning.critic_lmm.judged import Judged
from predictor.learning.critic_lmm.mixing import mix
from predictor.learning.critic_lmm.pictures import Pictures, Seen
from predictor.learning.critic_lmm.steadying import fit_expected

FINE = Judged(60, Attributes(50, 50, 50, 10, 50))


def pictures(photographs: int) -> Pictures:
    """Return photographs of two versions; each view shows its photograph's number, pieces a half more."""
    numbers = np.repeat(np.arange(photographs), 2)
    features = np.ones((len(numbers), 5, 9, 4), np.float16) * numbers[:, None, None, None].astype(np.float16)
    features[:, 1:] += np.float16(0.5)
    expected = fit_expected(features, 10 * numbers.astype(np.float32))
    untouched = np.arange(len(numbers)).reshape(-1, 2).tolist()
    return Pictures(Seen([FINE] * len(numbers), features), untouched, expected, [], Seen([FINE], features))


def test_a_mixture_has_the_whole_of_one_photograph_and_pieces_most_of_which_are_of_it_too():
    mixtures = mix(pictures(8), 400, np.random.default_rng(0))

    wholes, pieces = mixtures.features[:, 0, 0, 0], mixtures.features[:, 1:, 0, 0]
    assert mixtures.features.shape == (400, 5, 9, 4)
    assert (wholes % 1 == 0).all()
    assert (pieces % 1 == 0.5).all()
    assert 0.6 < np.mean(pieces == wholes[:, None] + 0.5) < 0.85
    assert set(wholes.tolist()) == set(range(8))


def test_the_score_of_a_mixture_is_what_is_expected_of_what_is_seen():
    known = pictures(8)

    mixtures = mix(known, 20, np.random.default_rng(0))

    expected = known.expected.of(torch.from_numpy(mixtures.features).float())
    assert mixtures.mos == pytest.approx(expected.numpy())
    assert mixtures.mos.std() > 5
