from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, encode_png, resize
from calibration.profile import default_profile
from calibration.stimuli.registry import DISTORTIONS
from predictor.artifact import Part, read_part, write_part
from predictor.learning.dataset import FAMILIES, PairSet, photo_files
from predictor.learning.noticeability.evaluation import area_under_curve
from predictor.learning.noticeability.settling import Answered, predict
from predictor.learning.noticeability.sizing import size_pairs
from predictor.learning.noticeability.training import Lesson, Recipe, Trained, go_on, train
from predictor.learning.sampling import label_pairs, sample_pairs
from predictor.noticeability.network import JndNetwork
from predictor.noticeability.settings import settings_from_card
from tests.predictor.masked_visibility import MaskedVisibility

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

    found = size_pairs(trained.network, unseen, PROFILE, trained.settings)

    assert area_under_curve(found.noticed, found.log_sizes) > 0.9


def test_the_same_seed_gives_the_same_network(answers: PairSet):
    few = answers.take(np.arange(200))
    parts = [train([Lesson(few, PROFILE)], Recipe(epochs=2)).to_part({}) for _ in range(2)]

    assert all((value == parts[1].tensors[name]).all() for name, value in parts[0].tensors.items())


@pytest.fixture(scope="module")
def part(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Part:
    folder = tmp_path_factory.mktemp("artifact")
    write_part(folder, "noticeability", trained.to_part({}))
    return read_part(folder, "noticeability")


def test_going_on_leaves_the_network_and_every_other_model_alone(answers: PairSet, part: Part):
    newcomer = Lesson(answers.take(np.arange(500)), replace(PROFILE, model="newcomer"))

    again = go_on([newcomer], part)

    before, after = settings_from_card(part.card["settings"]), again.settings
    assert all((value == part.tensors[name]).all() for name, value in again.to_part({}).tensors.items())
    assert set(after.known_models) == {*before.known_models, "newcomer"}
    assert replace(after, known_models=before.known_models) == before
    assert all(after.known_models[name] == known for name, known in before.known_models.items())


def test_going_on_learns_how_far_off_a_models_profile_is(answers: PairSet, part: Part):
    is_asked = answers.photos != "chelsea.png"
    asked, fresh = answers.take(is_asked), answers.take(~is_asked)
    twice = {
        name: replace(found, threshold=2 * found.threshold)
        for name, found in PROFILE.distortions.items()
        if found.threshold is not None
    }
    blunter = replace(PROFILE, model="said to be blunter", distortions=twice)

    known = go_on([Lesson(asked, blunter)], part).settings.known_models[blunter.model]

    settings = settings_from_card(part.card["settings"])
    met = sized(part, Lesson(fresh, blunter))
    as_stranger, as_known = predict(met, settings.certainty_of(blunter)), predict(met, known)
    assert np.square(as_known - met.probabilities).mean() < np.square(as_stranger - met.probabilities).mean()
    off = np.log(2) - (known.log_scale - np.array(known.threshold_shifts))
    assert np.median(np.abs(off)) < 0.4


def sized(part: Part, lesson: Lesson) -> Answered:
    """Size pairs as training does."""
    settings = settings_from_card(part.card["settings"])
    network = JndNetwork(len(FAMILIES))
    network.load_state_dict(dict(part.tensors))
    return size_pairs(network, lesson.pairs, lesson.profile, settings)


def test_answers_of_one_kind_are_refused(answers: PairSet):
    alike = replace(answers, probabilities=np.full(len(answers), 0.1, np.float32))

    with pytest.raises(ValueError, match="one kind only"):
        train([Lesson(alike, PROFILE)], Recipe(epochs=1))


def test_no_lesson_is_refused():
    with pytest.raises(ValueError, match="answers of both kinds"):
        train([], Recipe(epochs=1))


def test_a_trained_part_is_small(trained: Trained):
    part: Part = trained.to_part({})

    assert sum(value.numel() * value.element_size() for value in part.tensors.values()) < 500_000


def test_what_holds_for_strangers_is_settled_where_each_observer_was_left_out(answers: PairSet):
    lessons = [Lesson(answers, replace(PROFILE, model=name)) for name in ("one", "two", "three")]

    found = train(lessons, Recipe(epochs=12))

    strangers, known = found.settings.strangers, found.settings.known_models
    assert set(known) == {"one", "two", "three"}
    assert strangers is not None
    # Observers that are all alike are met as well by a network that learned from two of them: what it needs
    # differs from what they need by no more than chance.
    assert strangers.log_scale == pytest.approx(known["one"].log_scale, abs=0.25)
    assert strangers.steepness_factor == pytest.approx(known["one"].steepness_factor, rel=0.5)


def test_two_observers_say_nothing_of_strangers(answers: PairSet):
    few = answers.take(np.arange(150))

    found = train([Lesson(few, PROFILE), Lesson(few, PROFILE)], Recipe(epochs=1))

    assert found.settings.strangers is None


def test_weights_come_back_on_the_processor(trained: Trained):
    assert {weight.device.type for weight in trained.network.state_dict().values()} == {"cpu"}


def test_a_model_with_few_trials_stays_a_stranger(answers: PairSet, part: Part):
    few = Lesson(answers.take(np.arange(60)), replace(PROFILE, model="newcomer"))

    again = go_on([few], part)

    assert "newcomer" not in again.settings.known_models
    assert again.figures["models_learned"] == []
