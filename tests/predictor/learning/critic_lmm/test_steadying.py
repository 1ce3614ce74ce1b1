import numpy as np
import pytest
import torch

from predictor.critic.critique import Attributes
from predictor.learning.critic_lmm.judged import Judged
from predictor.learning.critic_lmm.steadying import fit_expected, steadied

FINE = Attributes(50, 50, 50, 10, 50)


def features_of(shown: np.ndarray) -> np.ndarray:
    """Return features of which one tells what is shown, without noise."""
    features = np.abs(np.random.default_rng(1).normal(1, 0.1, (len(shown), 5, 9, 6))).astype(np.float32)
    features[..., 0] = (np.exp(shown / 25) / 10)[:, None, None]
    return features


def test_scores_are_expected_of_pictures_that_nobody_rated_and_stay_on_the_scale():
    rng = np.random.default_rng(0)
    shown, new = rng.uniform(20, 80, 200).astype(np.float32), rng.uniform(25, 75, 40).astype(np.float32)

    expected = fit_expected(features_of(shown), shown)

    told = expected.of(torch.from_numpy(features_of(new)))
    assert np.corrcoef(told.numpy(), new)[0, 1] > 0.9
    assert expected.of(1e4 * torch.rand(8, 5, 9, 6)).min() >= 0
    assert expected.of(1e4 * torch.rand(8, 5, 9, 6)).max() <= 100


def test_every_version_moves_with_its_photograph():
    judged = [Judged(80, FINE), Judged(40, FINE), Judged(30, FINE)]

    moved = steadied(judged, [0, 0, 1], [80.0, 30.0], np.array([60.0, 30.0], np.float32))

    assert [one.mos for one in moved] == pytest.approx([60, 30, 30])
