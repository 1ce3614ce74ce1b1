import numpy as np
import pytest

from predictor.learning.critic.fitting import Fitted, Lessons, fit_quality, half_width
from predictor.learning.critic.split import FOLDS

MEASURED = 4


def _lessons(size: int = 240) -> Lessons:
    """Photographs whose score is in a seen column, and whose damage is in a measured one."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((size, 6)).astype(np.float32)
    is_photograph = np.arange(size) % 2 == 1
    remains = np.where(is_photograph, 1.0, rng.uniform(0.1, 0.9, size)).astype(np.float32)
    rows[:, 3] = 4 * (1 - remains) + 0.3 * rows[:, 3]
    mos = (60 + 8 * rows[:, 5]).astype(np.float32)
    return Lessons(rows, mos, remains, np.arange(size) // 2 % FOLDS, is_photograph)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit_quality(_lessons(), MEASURED, steps=400)


def test_scores_left_out_follow_what_was_taught(fitted: Fitted):
    lessons, scores = _lessons(), fitted.left_out

    photographs = lessons.is_photograph
    assert np.corrcoef(scores[photographs], lessons.mos[photographs])[0, 1] > 0.8
    assert scores[lessons.remains < 0.3].mean() < scores[photographs].mean() - 8


def test_scores_stay_on_the_scale(fitted: Fitted):
    scores = fitted.quality.mos(100 * _lessons().rows, 0.0)

    assert scores.min() >= 0
    assert scores.max() <= 100


def test_the_half_width_holds_its_share_of_new_pictures():
    rng = np.random.default_rng(1)
    known, new = rng.normal(0, 5, 400), rng.normal(0, 5, 20000)

    width = half_width(known.astype(np.float32), np.zeros(400, np.float32))

    assert np.mean(np.abs(new) <= width) == pytest.approx(0.95, abs=0.03)
