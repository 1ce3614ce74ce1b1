from dataclasses import replace

import numpy as np
import pytest

from predictor.learning.noticeability.adapting import learn_certainty
from predictor.learning.noticeability.settling import Answered, predict
from predictor.noticeability.settings import Certainty, Interval, Link

FAMILIES = 5
ANYTHING = Interval((), (-9.0,), (9.0,))
READ = Link(0.02, 0.98, 3.0)
KNOWN = Certainty(1.5, 0.0, ANYTHING)
TRUTH = Certainty(1.2, 0.1, ANYTHING, (0.4, -0.4, 0.0, 0.0, 0.0), 0.12, 0.85)


def trials(count: int, *, seed: int, says: str = "yes or no") -> Answered:
    """Ask an observer who behaves as `TRUTH` has it; a fifth of the pairs are alike."""
    rng = np.random.default_rng(seed)
    shares = np.eye(FAMILIES)[np.arange(count) % FAMILIES]
    sizes = np.where(rng.random(count) < 0.2, -12.0, rng.normal(0.2, 0.9, count))
    photos = np.array([str(index % 25) for index in range(count)])
    asked = Answered(sizes, np.zeros(count), READ, shares, photos)
    chances = predict(asked, TRUTH)
    said = chances if says == "chances" else (rng.random(count) < chances).astype(float)
    return replace(asked, probabilities=said)


def missed(learned: Certainty, fresh: Answered) -> float:
    return float(np.abs(predict(fresh, learned) - predict(fresh, TRUTH)).mean())


def test_many_answers_tell_thresholds_by_distortion_and_both_ends():
    learned = learn_certainty(trials(6000, seed=0), KNOWN)

    shifts = np.array(learned.threshold_shifts) - learned.log_scale
    assert shifts == pytest.approx(np.array(TRUTH.threshold_shifts) - TRUTH.log_scale, abs=0.12)
    assert learned.floor == pytest.approx(0.12, abs=0.03)
    assert learned.ceiling == pytest.approx(0.85, abs=0.03)


@pytest.mark.parametrize("count", [100, 375, 2000])
def test_a_models_own_answers_bring_predictions_nearer_to_it(count: int):
    fresh = trials(2000, seed=9)
    runs = [missed(learn_certainty(trials(count, seed=seed), KNOWN), fresh) for seed in range(3)]

    assert np.mean(runs) < 0.8 * missed(KNOWN, fresh)


def test_more_answers_are_believed_more():
    fresh = trials(2000, seed=9)
    found = [missed(learn_certainty(trials(count, seed=1), KNOWN), fresh) for count in (100, 1000, 5000)]

    assert found == sorted(found, reverse=True)


def test_a_distortion_never_asked_about_keeps_its_threshold():
    asked = trials(1000, seed=0)
    others = asked.family_shares[:, 0] == 0

    assert learn_certainty(asked.take(others), KNOWN).threshold_shifts[0] == pytest.approx(0.0, abs=1e-3)


def test_answers_about_a_single_photograph_are_hardly_believed():
    asked = trials(300, seed=0)
    alike = replace(asked, photos=np.full(300, "the only one"))

    moved = np.abs(learn_certainty(alike, KNOWN).threshold_shifts)

    assert moved.max() < 0.2 * np.abs(learn_certainty(asked, KNOWN).threshold_shifts).max()


def test_yes_and_no_leave_the_interval_as_it_was():
    assert learn_certainty(trials(400, seed=0), KNOWN).interval == ANYTHING


def test_stated_chances_tell_the_interval():
    assert learn_certainty(trials(400, seed=0, says="chances"), KNOWN).interval != ANYTHING


def test_answers_of_one_kind_move_nothing_out_of_reach():
    asked = trials(300, seed=0)
    never = replace(asked, probabilities=np.zeros(300))

    chances = predict(asked, learn_certainty(never, KNOWN))

    assert 0.0 < chances.min() <= chances.max() < 1.0
    assert chances.mean() < predict(asked, KNOWN).mean()
