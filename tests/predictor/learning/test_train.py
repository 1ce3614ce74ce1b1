import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from skimage import data
from typer.testing import CliRunner

from calibration.profile import default_profile
from predictor.artifact import default_directory, read_part
from predictor.cli import app
from predictor.learning.noticeability.history import has_learned
from predictor.learning.noticeability.recorded import read_recorded
from predictor.predict import Predictor
from tests.predictor.calibrations import write_calibration, write_pictures
from tests.predictor.eye_observers import Eye

RUNNER = CliRunner()
EYE = "--observer=python:tests.predictor.eye_observers:eye"


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    stdout: str
    stderr: str


def run(*arguments: object) -> Ran:
    result = RUNNER.invoke(app, [str(argument) for argument in arguments])
    return Ran(result.exit_code, result.stdout, " ".join(result.stderr.split()))


@pytest.fixture(autouse=True)
def awake() -> Iterator[None]:
    Eye.asked, Eye.patience = 0, 1_000_000
    yield
    Eye.asked, Eye.patience = 0, 1_000_000


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = {
        "chelsea.png": data.chelsea()[:200, :210],
        "coffee.png": data.coffee()[:210, :100],
        "rocket.png": data.rocket()[:100, :150],
    }
    return write_pictures(tmp_path_factory.mktemp("images"), pictures)


@pytest.fixture(scope="module")
def calibration(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_calibration(tmp_path_factory.mktemp("calibrated"), images, count=104)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a profile of `eye` whose every threshold is measured: nothing is left to look for."""
    folder = tmp_path_factory.mktemp("measured")
    distortions = {
        name: replace(found, status="measured", slope=3.0, hit_at_max=0.97)
        for name, found in default_profile().distortions.items()
    }
    profile = replace(default_profile("eye"), source="measured", distortions=distortions)
    (folder / "profile.json").write_text(profile.to_json())
    return folder


def known_models(artifact: Path) -> dict[str, Any]:
    found: dict[str, Any] = read_part(artifact, "noticeability").card["settings"]["known_models"]
    return found


def as_answers(calibration: Path, folder: Path) -> Path:
    """Copy a calibration as one on a task question."""
    folder.mkdir()
    (folder / "profile.json").write_bytes((calibration / "profile.json").read_bytes())
    lines = [json.loads(line) for line in (calibration / "trials.jsonl").read_text().splitlines()]
    told = [json.dumps({**line, "reference_reply": "A"}) + "\n" for line in lines]
    (folder / "trials.jsonl").write_text("".join(told))
    return folder


def test_what_train_gains_on_trials_is_gained_where_it_is_served(
    calibration: Path, images: Path, tmp_path: Path
):
    asked = ["evaluate", "--calibration", calibration, "--images", images, "--json"]

    before = json.loads(run(*asked).stdout)
    trained = run(
        "train", "--calibration", calibration, "--images", images, "--out", tmp_path / "a", "--json"
    )
    after = run(*asked, "--artifact", tmp_path / "a")

    assert {"fitted_pairs", "fitted_log_loss", "fitted_auc"} < set(json.loads(trained.stdout))
    assert json.loads(after.stdout)["brier"] < before["brier"]
    assert (before["learned_from"], json.loads(after.stdout)["learned_from"]) == (False, True)
    assert "learned from these very trials" in after.stderr


def test_a_second_training_keeps_what_the_first_learned_and_counts_no_trial_twice(
    calibration: Path, images: Path, tmp_path: Path
):
    other = write_calibration(tmp_path / "other", images, count=104, model="other", seed=1)
    out = tmp_path / "artifact"
    train = ["train", "--images", images, "--out", out, "--json", "--calibration"]

    run(*train, calibration)
    first = known_models(out)
    run(*train, other)
    run(*train, calibration)

    card = read_part(out, "noticeability").card
    assert known_models(out)["mine"] == first["mine"]
    assert set(known_models(out)) == {*first, "other"}
    assert [one["model"] for one in card["training"]["observers"]] == ["other", "mine"]
    assert "embedded" in [one["model"] for one in card["training"]["went_on_from"]["observers"]]
    assert all(has_learned(out, read_recorded(one, images).pairs.digest()) for one in (calibration, other))


def test_two_calibrations_of_one_model_are_learned_together_and_one_given_twice_counts_once(
    calibration: Path, images: Path, tmp_path: Path
):
    more = write_calibration(tmp_path / "more", images, count=40, seed=1)
    train = ["train", f"--images={images}", f"--out={tmp_path / 'a'}", "--json", "--calibration", calibration]

    together = run(*train, more, calibration.parent / "." / calibration.name)

    assert json.loads(together.stdout)["fitted_pairs"] == 144
    assert "count once: 1 left out" in together.stderr


def test_when_one_lesson_fails_nothing_is_written(calibration: Path, images: Path, tmp_path: Path):
    answers = as_answers(calibration, tmp_path / "answers")
    few = write_calibration(tmp_path / "few", images, count=30)

    result = run("train", f"--images={images}", f"--out={tmp_path / 'new'}", "--calibration", answers, few)

    assert result.code == 1
    assert "nothing was learned" in result.stderr
    assert not (tmp_path / "new").exists()


def test_answers_and_noticing_learned_at_once_make_a_whole_artifact(
    calibration: Path, images: Path, tmp_path: Path
):
    answers = as_answers(calibration, tmp_path / "answers")
    out = tmp_path / "new"

    result = run(
        "train", f"--images={images}", f"--out={out}", "--calibration", answers, calibration, "--json"
    )

    assert result.code == 0, result.stderr
    assert json.loads(result.stdout)["answer_change"]["mine"]["trials"] > 20
    assert Predictor.load(out).has_thresholds
    assert "mine" in known_models(out)


def test_a_target_that_cannot_be_written_is_told_before_the_first_question(images: Path, tmp_path: Path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "card.json").write_text("{}")

    for out, told in (
        ("file", "got the file"),
        ("file/a", "got the file"),
        ("foreign", "not a predictor art"),
    ):
        result = run("train", EYE, f"--images={images}", f"--out={tmp_path / out}", "--pairs=100")

        assert result.code == 1
        assert told in result.stderr
    assert Eye.asked == 0


def test_a_damaged_artifact_to_go_on_from_is_told_before_the_first_question(images: Path, tmp_path: Path):
    artifact = Path(shutil.copytree(default_directory(), tmp_path / "artifact"))
    arrays = next(artifact.glob("noticeability-*.safetensors"))
    arrays.write_bytes(arrays.read_bytes()[:-5])

    found = run("train", EYE, "--images", images, "--pairs", 100, "--out", artifact)

    assert (found.code, Eye.asked) == (1, 0)
    assert "damaged" in found.stderr


def test_a_place_for_answers_that_is_a_file_is_told_before_the_first_question(images: Path, tmp_path: Path):
    (tmp_path / "kept").write_text("not a folder")

    found = run(
        "train", EYE, "--images", images, "--pairs", 100, "--out", tmp_path / "a", "--keep", tmp_path / "kept"
    )

    assert (found.code, Eye.asked) == (1, 0)
    assert "expected a folder" in found.stderr


def test_too_few_pairs_for_each_observer_are_refused_before_the_first_question(images: Path, tmp_path: Path):
    other = "--observer=python:tests.predictor.eye_observers:other_eye"

    found = run("train", EYE, other, "--images", images, "--pairs", 180, "--out", tmp_path / "a")

    assert (found.code, Eye.asked) == (1, 0)
    assert "at least 100 pairs for each observer, got 90" in found.stderr


def test_observers_of_one_name_are_refused(images: Path, tmp_path: Path):
    again = "--observer=python:tests.predictor.eye_observers:eye_again"

    found = run("train", EYE, again, "--images", images, "--pairs", 200, "--out", tmp_path / "a")

    assert (found.code, Eye.asked) == (1, 0)
    assert "different names, got eye, eye" in found.stderr


def test_an_observer_that_fails_midway_is_asked_only_the_rest_the_next_time(
    images: Path, measured: Path, tmp_path: Path
):
    out = tmp_path / "artifact"
    command = ["train", EYE, f"--images={images}", f"--out={out}", "--pairs=120", f"--profile={measured}"]

    Eye.patience = 200
    failed = run(*command, "--json")
    Eye.patience = 1_000_000
    finished = run(*command, "--json")

    assert failed.code == 1
    assert "fell asleep" in failed.stderr
    assert "64 pairs are kept" in failed.stderr
    assert "the 64 whose answers are kept" in finished.stderr
    assert json.loads(finished.stdout)["models_learned"] == ["eye"]
    assert Eye.asked == 200 + 2 * (120 - 64)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artifact"]


def test_kept_answers_are_used_again_by_a_training_of_its_own(images: Path, measured: Path, tmp_path: Path):
    command = ["train", EYE, f"--images={images}", "--pairs=100", f"--profile={measured}"]

    for out in ("a", "b"):
        assert run(*command, f"--keep={tmp_path / 'kept'}", f"--out={tmp_path / out}").code == 0

    assert Eye.asked == 200
    assert known_models(tmp_path / "a") == known_models(tmp_path / "b")


def test_kept_answers_that_are_none_are_told_with_their_file(images: Path, measured: Path, tmp_path: Path):
    command = ["train", EYE, f"--images={images}", "--pairs=100", f"--profile={measured}"]
    command += [f"--keep={tmp_path / 'kept'}", f"--out={tmp_path / 'a'}"]
    run(*command)
    (kept,) = (tmp_path / "kept").iterdir()

    for content in ("{", '{"format": "lmm-jnd-asked", "observer": "eye", "answers": {"a": [7]}}'):
        kept.write_text(content)
        result = run(*command)

        assert result.code == 1
        assert f"expected kept answers in {kept}" in result.stderr


def test_all_questions_are_announced_before_the_first_the_search_for_thresholds_too(
    images: Path, tmp_path: Path
):
    Eye.patience = 0

    result = run("train", EYE, f"--images={images}", f"--out={tmp_path / 'a'}", "--pairs=100")

    families = len(default_profile().distortions)
    assert f"{2 * (100 + families * 10 * 3):,} questions to eye" in result.stderr
    assert f"{2 * families * 10 * 3} of them look for thresholds" in result.stderr


def test_files_that_are_no_pictures_are_left_out_by_name(images: Path, measured: Path, tmp_path: Path):
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for path in images.iterdir():
        (mixed / path.name).write_bytes(path.read_bytes())
    (mixed / "broken.png").write_bytes(b"\x89PNG nothing")

    result = run(
        "train", EYE, f"--images={mixed}", f"--out={tmp_path / 'a'}", "--pairs=100", f"--profile={measured}"
    )

    assert result.code == 0, result.stderr
    assert "left out 1 of 4 files" in result.stderr
    assert "broken.png" in result.stderr


def test_a_profile_of_nobody_asked_is_refused_by_name(images: Path, calibration: Path, tmp_path: Path):
    command = ["train", EYE, f"--images={images}", f"--out={tmp_path / 'a'}", "--pairs=100"]

    result = run(*command, f"--profile={calibration}")

    assert result.code == 1
    assert "of an observer asked (eye), got that of mine" in result.stderr
    assert Eye.asked == 0
    assert run("train", "--calibration", calibration, *command[2:], f"--profile={calibration}").code == 2


def test_an_observers_name_is_no_path(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "eye").mkdir()
    Eye.patience = 0

    result = run("train", EYE, f"--images={images}", f"--out={tmp_path / 'a'}", "--pairs=100")

    assert "fell asleep" in result.stderr


def test_epochs_are_refused_where_no_network_is_trained(images: Path, calibration: Path, tmp_path: Path):
    command = ["train", f"--images={images}", f"--out={tmp_path / 'a'}", "--epochs=3"]

    for asked in ([f"--calibration={calibration}"], [EYE, "--pairs=2999"]):
        assert run(*command, *asked).code == 2
    assert Eye.asked == 0


@pytest.mark.slow
def test_trials_given_beside_a_new_network_are_learned_on_it(
    images: Path, calibration: Path, measured: Path, tmp_path: Path
):
    command = ["train", EYE, "--pairs=3000", "--epochs=1", f"--profile={measured}", f"--images={images}"]

    result = run(*command, "--calibration", calibration, f"--out={tmp_path / 'a'}", "--json")

    training = read_part(tmp_path / "a", "noticeability").card["training"]
    assert json.loads(result.stdout)["models_learned"] == ["mine"]
    assert [one["model"] for one in training["observers"]] == ["mine"]
    assert [one["model"] for one in training["went_on_from"]["observers"]] == ["eye"]
    assert set(known_models(tmp_path / "a")) == {"eye", "mine"}

    more = write_calibration(tmp_path / "more", images, count=104, model="eye")
    again = ["train", f"--images={images}", f"--out={tmp_path / 'a'}", "--json", f"--calibration={more}"]
    own = known_models(tmp_path / "a")["eye"]
    run(*again)
    once = known_models(tmp_path / "a")["eye"]
    run(*again)

    assert known_models(tmp_path / "a")["eye"] == once != own


def test_trials_left_out_are_told_by_both_commands(images: Path, calibration: Path, tmp_path: Path):
    fewer = tmp_path / "fewer"
    fewer.mkdir()
    for name in ("chelsea.png", "rocket.png"):
        (fewer / name).write_bytes((images / name).read_bytes())
    out = [f"--out={tmp_path / 'a'}"]

    for command in (["evaluate"], ["train", *out]):
        result = run(*command, f"--calibration={calibration}", f"--images={fewer}")

        assert "its picture is missing" in result.stderr
