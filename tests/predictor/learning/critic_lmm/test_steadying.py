import numpy as np
import pytest

from calibration.image import Image
from predictor.critic.critique import Attributes
from predictor.learning.critic.views import Photograph
from predictor.learning.critic_lmm.judged import Judged
from predictor.learning.critic_lmm.steadying import agreement, expected_scores, steadied

GREY = Image(np.full((8, 8, 3), 128, np.uint8))
FINE = Attributes(50, 50, 50, 10, 50)


def photographs(scores: np.ndarray) -> list[Photograph]:
    return [Photograph(f"{number}.jpg", GREY, float(score)) for number, score in enumerate(scores)]


def test_what_shows_in_the_features_is_expected_and_what_does_not_is_not():
    rng = np.random.default_rng(0)
    shown, hidden = rng.uniform(20, 80, 120), rng.uniform(20, 80, 120)
    features = np.abs(rng.normal(1, 0.1, (120, 5, 9, 6))).astype(np.float32)
    features[..., 0] = (np.exp(shown / 25) / 10)[:, None, None]

    seen = photographs(shown)
    unseen = photographs(hidden)

    assert agreement(seen, expected_scores(seen, features)) > 0.9
    assert abs(agreement(unseen, expected_scores(unseen, features))) < 0.4


def test_every_version_moves_with_its_photograph():
    judged = [Judged(80, FINE), Judged(40, FINE), Judged(30, FINE)]

    moved = steadied(judged, [0, 0, 1], photographs(np.array([80.0, 30.0])), np.array([60.0, 30.0]))

    assert [one.mos for one in moved] == pytest.approx([70, 35, 30])
