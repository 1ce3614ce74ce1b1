from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, resize
from calibration.profile import default_profile
from predictor.answer_change.change import AnswerModel, flip_terms
from predictor.artifact import ArtifactError, Part, default_directory, read_part
from predictor.learning.answer_change.refit import AnswerTrials, refit

PART = read_part(default_directory(), "answer_change")
MODEL = AnswerModel.from_part(PART)


def sturdy(count: int, seed: int) -> AnswerTrials:
    """Answers of a model that changes them only under far greater divergence than others do."""
    rng = np.random.default_rng(seed)
    divergence = rng.uniform(-6, 1, count).astype(np.float32)
    chance = 1 / (1 + np.exp(-3.0 * (divergence + 0.5)))
    return AnswerTrials(default_profile("sturdy"), divergence, rng.random(count) < chance, count, 0.0)


def brier(trials: AnswerTrials, slope: float, constant: float) -> float:
    predicted = 1 / (1 + np.exp(-(slope * trials.log_divergence + constant)))
    return float(np.square(predicted - trials.has_changed).mean())


@pytest.mark.parametrize("count", [25, 75, 400])
def test_a_models_own_trials_predict_its_fresh_answers_better(count: int):
    fresh = sturdy(5_000, seed=1)

    own = [refit(MODEL, sturdy(count, seed)) for seed in range(2, 12)]

    shared = brier(fresh, *MODEL.heads.flip.tolist())
    assert np.mean([brier(fresh, one.slope, one.constant) for one in own]) < shared - 0.02


def test_trials_that_agree_with_the_shared_head_leave_it_alone():
    rng = np.random.default_rng(3)
    divergence = rng.uniform(-6, 1, 3_000).astype(np.float32)
    chance = 1 / (1 + np.exp(-(flip_terms(divergence) @ MODEL.heads.flip)))
    trials = AnswerTrials(default_profile("usual"), divergence, rng.random(3_000) < chance, 100, None)

    own = refit(MODEL, trials)

    assert [own.slope, own.constant] == pytest.approx(MODEL.heads.flip.tolist(), abs=0.25)


@pytest.mark.parametrize("outcome", [True, False])
def test_answers_of_one_kind_move_the_head_a_finite_way(outcome: bool):
    trials = sturdy(60, seed=4)

    own = refit(MODEL, replace(trials, has_changed=np.full(60, outcome)))

    middle = (
        own.slope * -2.0 + own.constant,
        (flip_terms(np.array([-2.0], np.float32)) @ MODEL.heads.flip).item(),
    )
    assert np.isfinite(middle).all()
    assert (middle[0] > middle[1]) == outcome


def test_more_damage_never_makes_a_change_less_likely():
    divergence = np.linspace(-6, 1, 75).astype(np.float32)
    odd = AnswerTrials(default_profile("odd"), divergence, divergence < -3, 75, 0.1)

    own = refit(MODEL, odd)

    assert own.slope == 0.0
    assert 1 / (1 + np.exp(-own.constant)) == pytest.approx(odd.has_changed.mean(), abs=0.05)


@pytest.mark.parametrize("rate", [0.5, 1.0])
def test_a_model_that_answers_at_random_is_refused(rate: float):
    with pytest.raises(ValueError, match="answers at random"):
        refit(MODEL, replace(sturdy(60, seed=4), repeat_rate=rate))


@pytest.mark.parametrize(("constant", "chance"), [(-1e4, 0.0), (1e4, 1.0)])
def test_a_flip_head_far_from_every_other_gives_a_sure_answer(constant: float, chance: float):
    models = {"sure": {"slope": 1.0, "constant": constant}}
    sure = AnswerModel.from_part(Part(PART.tensors, {**PART.card, "models": models}))
    photo = Image(data.coffee())

    (found,) = sure.judge(photo, [resize(photo, 60, 40)], default_profile("sure"))

    assert found.probability == pytest.approx(chance)


@pytest.mark.parametrize("count", [float("inf"), float("nan"), None, "two"])
def test_an_impossible_number_of_surrogates_is_refused(count: object):
    settings = {**PART.card["settings"], "surrogates": count}

    with pytest.raises(ArtifactError, match="does not fit"):
        AnswerModel.from_part(Part(PART.tensors, {**PART.card, "settings": settings}))


@pytest.mark.parametrize(
    "models",
    [
        {"a": {"slope": 1.0}},
        {"a": {"slope": "x", "constant": 0}},
        {"a": {"slope": float("nan"), "constant": 0}},
        ["a"],
    ],
)
def test_a_damaged_flip_head_is_refused(models: object):
    with pytest.raises(ArtifactError, match="does not fit"):
        AnswerModel.from_part(Part(PART.tensors, {**PART.card, "models": models}))
