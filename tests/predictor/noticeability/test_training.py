from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, encode_png, resize
from calibration.profile import default_profile
from calibration.stimuli.registry import DISTORTIONS
from predictor.artifact import Part, read_part, write_part
from predictor.dataset import PairSet, photo_files
from predictor.noticeability.evaluation import area_under_curve
from predictor.noticeability.labelling import MaskedVisibility
from predictor.noticeability.model import link_of
from predictor.noticeability.sampling import label_pairs, sample_pairs
from predictor.noticeability.settling import Answered, fit_interval, predict, settle
from predictor.noticeability.training import Lesson, Recipe, Trained, log_sizes, train

PROFILE = replace(default_profile("made up"), input_side=96)
THRESHOLDS = {name: distortion.levels / 8 for name, distortion in DISTORTIONS.items()}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> PairSet:
    folder = tmp_path_factory.mktemp("photos")
    for name in ("astronaut", "chelsea", "coffee", "rocket", "retina"):
        photo = resize(Image(getattr(data, name)()[:400, :400]), 200, 200)
        (folder / f"{name}.png").write_bytes(encode_png(photo))
    rng = np.random.default_rng(0)
    pairs = sample_pairs(photo_files(folder), 700, thresholds=THRESHOLDS, side=96, rng=rng)
    return label_pairs(pairs, MaskedVisibility(acuity=0.35))


@pytest.fixture(scope="module")
def trained(answers: PairSet) -> Trained:
    kept = answers.take(answers.photos != "chelsea.png")
    return train([Lesson(kept, PROFILE)], Recipe(epochs=25))


def test_training_generalises_to_an_unseen_photograph(answers: PairSet, trained: Trained):
    unseen = answers.take(answers.photos == "chelsea.png")

    sizes = log_sizes(trained.network, unseen, PROFILE, trained.settings)

    assert area_under_curve(unseen.probabilities > 0.5, sizes) > 0.9


def test_the_same_seed_gives_the_same_network(answers: PairSet):
    few = answers.take(np.arange(200))
    parts = [train([Lesson(few, PROFILE)], Recipe(epochs=2)).to_part({}) for _ in range(2)]

    assert all((value == parts[1].tensors[name]).all() for name, value in parts[0].tensors.items())


def test_training_goes_on_from_a_part(answers: PairSet, trained: Trained, tmp_path: Path):
    write_part(tmp_path, "noticeability", trained.to_part({}))

    again = train(
        [Lesson(answers.take(np.arange(200)), PROFILE)],
        Recipe(epochs=1, learning_rate=1e-6),
        start=read_part(tmp_path, "noticeability"),
    )

    assert again.settings.steepness_factor == trained.settings.steepness_factor
    before, after = trained.to_part({}).tensors, again.to_part({}).tensors
    assert float((before["log_weights"] - after["log_weights"]).abs().max()) < 1e-3


def test_answers_of_one_kind_are_refused(answers: PairSet):
    alike = replace(answers, probabilities=np.full(len(answers), 0.1, np.float32))

    with pytest.raises(ValueError, match="one kind only"):
        train([Lesson(alike, PROFILE)], Recipe(epochs=1))


def test_no_lesson_is_refused():
    with pytest.raises(ValueError, match="answers of both kinds"):
        train([], Recipe(epochs=1))


def test_settling_recovers_slope_and_scale(trained: Trained):
    rng = np.random.default_rng(0)
    link = link_of(PROFILE, 1.0)
    sizes = rng.normal(0, 1, 4000)
    truth = predict(Answered(sizes, np.zeros(4000), link), 1.5, 0.3)
    decisions = (rng.random(4000) < truth).astype(float)

    settled, log_scale = settle([Answered(sizes, decisions, link)], trained.settings)

    assert settled.settings.steepness_factor == pytest.approx(1.5, rel=0.15)
    assert log_scale == pytest.approx(0.3, abs=0.1)


def test_few_answers_leave_the_settings_alone(trained: Trained):
    few = Answered(np.zeros(10), np.ones(10), link_of(PROFILE, 1.0))

    settled, log_scale = settle([few], trained.settings)

    assert settled.settings == trained.settings
    assert log_scale == 0.0


def test_intervals_hold_for_fresh_answers():
    rng = np.random.default_rng(0)
    predicted = rng.uniform(0.02, 0.98, 6000)
    odds = np.log(predicted / (1 - predicted)) + rng.normal(0, 0.8, 6000)
    observed = 1 / (1 + np.exp(-odds))

    interval = fit_interval(predicted[:3000], observed[:3000])

    bounds = [interval.around(float(chance)) for chance in predicted[3000:]]
    inside = [low <= seen <= high for (low, high), seen in zip(bounds, observed[3000:], strict=True)]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)


def test_a_trained_part_is_small(trained: Trained):
    part: Part = trained.to_part({})

    assert sum(value.numel() * value.element_size() for value in part.tensors.values()) < 500_000


def test_what_holds_for_strangers_is_settled_where_each_observer_was_left_out(answers: PairSet):
    few = answers.take(np.arange(600))
    lessons = [Lesson(few, replace(PROFILE, model=name)) for name in ("one", "two", "three")]

    found = train(lessons, Recipe(epochs=4))

    assert found.settings.known_models
    assert set(found.settings.known_models) <= {"one", "two", "three"}
    assert found.settings.strangers is not None
    assert found.settings.strangers.steepness_factor > 0


def test_two_observers_say_nothing_of_strangers(answers: PairSet):
    few = answers.take(np.arange(150))

    found = train([Lesson(few, PROFILE), Lesson(few, PROFILE)], Recipe(epochs=1))

    assert found.settings.strangers is None


def test_weights_come_back_on_the_processor(trained: Trained):
    assert {weight.device.type for weight in trained.network.state_dict().values()} == {"cpu"}


def test_a_model_with_few_trials_stays_a_stranger(answers: PairSet, trained: Trained, tmp_path: Path):
    write_part(tmp_path, "noticeability", trained.to_part({}))
    few = Lesson(answers.take(np.arange(60)), replace(PROFILE, model="newcomer"))

    again = train([few], Recipe(epochs=1), start=read_part(tmp_path, "noticeability"))

    assert set(again.settings.known_models) <= {PROFILE.model}
