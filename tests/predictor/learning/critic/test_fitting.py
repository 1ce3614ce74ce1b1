import numpy as np
import pytest

from predictor.learning.critic.fitting import Lessons, fit_quality, half_width, remaining, score_left_out
from predictor.learning.critic.split import FOLDS


def _lessons(size: int = 200) -> Lessons:
    """Photographs whose score is in a measured column, and whose damage is in a seen one."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((size, 6)).astype(np.float32)
    remains = np.where(np.arange(size) % 2, 1.0, rng.uniform(0.1, 0.9, size)).astype(np.float32)
    rows[:, 5] = 4 * (1 - remains) + 0.5 * rows[:, 5]
    return Lessons(rows, (60 + 8 * rows[:, 0]).astype(np.float32), remains, np.arange(size) % FOLDS)


def test_scores_left_out_follow_what_was_taught():
    lessons = _lessons()

    scores = score_left_out(lessons, measured=4)

    photographs = lessons.is_photograph
    assert np.corrcoef(scores[photographs], lessons.mos[photographs])[0, 1] > 0.8
    assert scores[lessons.remains < 0.3].mean() < scores[photographs].mean() - 8


def test_scores_stay_on_the_scale():
    lessons = _lessons()

    scores = fit_quality(lessons, measured=4).mos(100 * lessons.rows, 0.0)

    assert scores.min() >= 0
    assert scores.max() <= 100


def test_the_half_width_holds_its_share_of_new_pictures():
    rng = np.random.default_rng(1)
    known, new = rng.normal(0, 5, 400), rng.normal(0, 5, 20000)

    width = half_width(known.astype(np.float32), np.zeros(400, np.float32))

    assert np.mean(np.abs(new) <= width) == pytest.approx(0.95, abs=0.03)


def test_what_nobody_sees_leaves_all_and_what_ruins_leaves_little():
    opinions = {(1, 1): 4.6, (1, 5): 1.2}

    assert remaining(opinions, 1, 1) > 0.99
    assert remaining(opinions, 1, 5) < 0.15
