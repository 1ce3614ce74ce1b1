import numpy as np
import pytest

from predictor.learning.answer_change.lessons import AnswerLessons
from predictor.learning.answer_change.policy import LIMITS, loss_table, losses_by_limit, sent_versions


def test_the_smallest_version_within_the_limit_is_sent_and_never_a_larger_one():
    scores, sizes = np.array([0.01, 0.1, 0.3]), np.array([900.0, 500.0, 700.0])

    assert sent_versions(scores, sizes, 800.0, np.array([0.0, 0.05, 0.2, 0.5])).tolist() == [-1, -1, 1, 1]
    changed = losses_by_limit(scores, np.array([True, True, False]), sizes, 800.0, np.array([0.05, 0.2]))
    assert changed.tolist() == [0.0, 1.0]


def test_of_versions_equally_risky_the_smallest_is_sent():
    scores, sizes = np.array([0.1, 0.1, 0.1]), np.array([700.0, 300.0, 500.0])

    assert sent_versions(scores, sizes, 800.0, np.array([0.1])).tolist() == [1]


def test_a_version_as_large_as_the_original_is_never_sent():
    assert sent_versions(np.zeros(2), np.array([800.0, 900.0]), 800.0, np.array([0.5])).tolist() == [-1]


def test_a_limit_at_which_a_smaller_version_would_do_no_harm_still_carries_the_loss_of_lower_ones():
    scores, sizes = np.array([0.1, 0.3]), np.array([500.0, 400.0])

    losses = losses_by_limit(scores, np.array([True, False]), sizes, 800.0, np.array([0.05, 0.2, 0.5]))

    assert losses.tolist() == [0.0, 1.0, 1.0]


def lessons(has_changed: list[list[bool]]) -> AnswerLessons:
    """Two photographs of two versions each, asked of as many observers as there are rows."""
    nothing = np.zeros((len(has_changed), 4), np.float32)
    views = np.zeros((4, 1, 1, 3), np.uint8)
    return AnswerLessons(
        photos=np.array([3, 3, 8, 8]),
        originals=views[:2],
        versions=views,
        distances=nothing[..., None],
        has_changed=np.array(has_changed),
        divergence=nothing,
        margin=nothing,
        size_bytes=np.array([500, 400, 500, 400]),
        source_bytes=np.array([800, 800, 800, 800]),
    )


def test_losses_are_averaged_over_observers_photograph_by_photograph():
    probabilities = [np.array([0.01, 0.2, 0.01, 0.2])] * 2

    table = loss_table(lessons([[False, True, False, False], [False, False, False, False]]), probabilities)

    assert table.losses.shape == (2, len(LIMITS))
    assert table.losses[0, LIMITS >= 0.2].tolist() == pytest.approx([0.5] * int((LIMITS >= 0.2).sum()))
    assert table.losses[0, LIMITS < 0.2].max() == 0.0
    assert table.losses[1].max() == 0.0


def test_losses_never_fall_as_the_limit_rises():
    rng = np.random.default_rng(0)

    table = loss_table(lessons([[True, False, False, True]] * 3), [rng.uniform(0, 1, 4) for _ in range(3)])

    assert (np.diff(table.losses, axis=1) >= 0).all()
