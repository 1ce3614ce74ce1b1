import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.session.references import References, render_pair
from calibration.stimuli.registry import DISTORTIONS
from calibration.trials import read_trials
from predictor.artifact import default_directory, read_part
from predictor.learning.dataset import FAMILIES
from predictor.learning.noticeability.evaluation import predict_pairs
from predictor.learning.noticeability.recorded import RecordedLesson, read_recorded
from predictor.learning.noticeability.sizing import size_pairs
from predictor.noticeability.model import LARGEST_RATIO
from predictor.noticeability.network import JndNetwork
from predictor.noticeability.settings import settings_from_card
from predictor.predict import Predictor
from tests.predictor.calibrations import write_calibration, write_pictures

PART = read_part(default_directory(), "noticeability")
SETTINGS = settings_from_card(PART.card["settings"])


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = {
        "chelsea.png": data.chelsea()[:290, :380],
        "coffee.png": data.coffee()[:400, :300],
        "small.png": data.rocket()[:90, :150],
    }
    return write_pictures(tmp_path_factory.mktemp("images"), pictures)


@pytest.fixture(params=[None, 96], ids=["unknown input", "input of 96"])
def calibration(request: pytest.FixtureRequest, images: Path, tmp_path: Path) -> Path:
    return write_calibration(tmp_path / "calibrated", images, count=24, input_side=request.param)


@pytest.fixture(scope="module")
def network_alone(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """What judges a model once its answers were learned from, whether or not its input is known."""
    artifact = shutil.copytree(default_directory(), tmp_path_factory.mktemp("network") / "artifact")
    card = json.loads((artifact / "card.json").read_text())
    del card["parts"]["people"]
    (artifact / "card.json").write_text(json.dumps(card))
    return Predictor.load(artifact)


def served(
    lesson: RecordedLesson, calibration: Path, images: Path, predictor: Predictor | None = None
) -> list[object]:
    """Judge every trial as those do who ask about one pair."""
    predictor = predictor or Predictor.load()
    return [
        predictor.notice(
            *render_pair(
                trial.stimulus, DISTORTIONS[trial.stimulus.distortion], References(images, (), ()), None
            ),
            lesson.profile,
        )
        for trial in read_trials(calibration / "trials.jsonl")
    ]


def test_a_trial_is_measured_exactly_as_the_pair_shown_is_served(calibration: Path, images: Path):
    lesson = read_recorded(calibration, images)

    found = predict_pairs(Predictor.load(), lesson.pairs, lesson.profile)

    assert found == served(lesson, calibration, images)


def test_a_trial_is_learned_at_the_size_that_is_served(
    calibration: Path, images: Path, network_alone: Predictor
):
    lesson = read_recorded(calibration, images)
    network = JndNetwork(len(FAMILIES))
    network.load_state_dict(dict(PART.tensors))

    learned = size_pairs(network, lesson.pairs, lesson.profile, SETTINGS).log_sizes

    scale = SETTINGS.certainty_of(lesson.profile).log_scale
    answers = served(lesson, calibration, images, network_alone)
    ratios = [one.jnd_ratio for one in answers]  # type: ignore[attr-defined]
    differing = np.array(ratios) > 1e-3
    assert differing.sum() > 15
    told = np.minimum(learned[differing] + scale, np.log(LARGEST_RATIO))
    assert told == pytest.approx(np.log(np.array(ratios)[differing]), abs=2e-3)


def test_the_digest_tells_trials_apart_and_knows_nothing_of_views(images: Path, tmp_path: Path):
    whole, squashed = (
        read_recorded(write_calibration(tmp_path / str(side), images, count=16, input_side=side), images)
        for side in (None, 96)
    )

    assert whole.pairs.digest() == squashed.pairs.digest()
    assert whole.pairs.take(np.arange(15)).digest() != whole.pairs.digest()


def test_trials_left_out_are_counted_by_reason(images: Path, tmp_path: Path):
    calibration = write_calibration(tmp_path / "calibrated", images, count=24)
    lines = [json.loads(line) for line in (calibration / "trials.jsonl").read_text().splitlines()]
    lines[0]["noticed"] = None
    (calibration / "trials.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    fewer = tmp_path / "fewer"
    fewer.mkdir()
    for name in ("chelsea.png", "small.png"):
        (fewer / name).write_bytes((images / name).read_bytes())
    (fewer / "small.png").write_bytes(b"\x89PNG nothing")
    of = [line["stimulus"]["image"] for line in lines[1:]]

    lesson = read_recorded(calibration, fewer)

    assert lesson.left_out == {
        "the reply could not be counted": 1,
        "its picture is missing": of.count("coffee.png"),
        "its picture cannot be read": of.count("small.png"),
    }
    assert len(lesson.pairs) == of.count("chelsea.png") > 0


def test_pictures_that_changed_under_their_names_are_refused(images: Path, tmp_path: Path):
    calibration = write_calibration(tmp_path / "calibrated", images, count=16)
    others = write_pictures(
        tmp_path / "others",
        {path.name: data.astronaut()[:200, :200] for path in images.iterdir()},
    )

    with pytest.raises(ValueError, match="contents changed"):
        read_recorded(calibration, others)


def test_a_reference_that_was_damaged_itself_has_no_level(images: Path, tmp_path: Path):
    calibration = write_calibration(tmp_path / "calibrated", images, count=8)
    lines = [json.loads(line) for line in (calibration / "trials.jsonl").read_text().splitlines()]
    lines[0]["stimulus"]["reference_level"] = lines[0]["stimulus"]["level"] / 2
    (calibration / "trials.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    pairs = read_recorded(calibration, images).pairs

    assert pairs.levels[0] == 0
    assert pairs.families[0] == FAMILIES.index("noise")
    assert (pairs.levels[1:4] > 0).all()
