"""A classifier, calibrated on the question "does the answer change?"."""

import json
from pathlib import Path

import pytest
from skimage import data
from typer.testing import CliRunner

from calibration.cli import app as calibration_app
from calibration.image import Image, encode_png, resize
from predictor.cli import app

RUNNER = CliRunner()
FACTORY = "tests.predictor.classifier_observers:dominant_colour"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        photo = resize(Image(getattr(data, name)()[:400, :400]), 96, 96)
        (folder / f"{name}.png").write_bytes(encode_png(photo))
    return folder


@pytest.fixture(scope="module")
def calibrated(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("calibrated")
    task = folder / "question.txt"
    task.write_text("Which colour covers most of this picture? Answer in one word.")
    result = RUNNER.invoke(
        calibration_app,
        [
            "run",
            f"--observer=python:{FACTORY}",
            f"--images={photos}",
            f"--out={folder}",
            f"--question=task:{task}",
            "--distortions=saturation,brightness",
            "--queries-per-threshold=15",
        ],
    )
    assert result.exit_code == 0, result.output
    return folder


def test_a_classifier_is_calibrated_on_whether_its_answer_changes(calibrated: Path):
    trials = [json.loads(line) for line in (calibrated / "trials.jsonl").read_text().splitlines()]
    profile = json.loads((calibrated / "profile.json").read_text())

    assert profile["model"] == "dominant-colour"
    assert any(trial["noticed"] for trial in trials)
    assert all(trial["noticed"] == (trial["reply"] != trial["reference_reply"]) for trial in trials)
    assert not any(trial["noticed"] for trial in trials if trial["stimulus"]["level"] == 0)


@pytest.mark.parametrize("command", [["train", "--out=new"], ["evaluate"]])
def test_answers_that_changed_are_not_learned_or_judged_as_noticing(
    calibrated: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
):
    monkeypatch.chdir(tmp_path)

    result = RUNNER.invoke(app, [*command, f"--calibration={calibrated}", f"--images={photos}"])

    assert result.exit_code == 1
    assert "a task question's" in result.output
    assert "train-answers" in result.output
    assert not (tmp_path / "new").exists()
