"""A classifier, calibrated on the question "does the answer change?"."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from skimage import data
from typer.testing import CliRunner

from calibration.cli import app as calibration_app
from calibration.image import Image, encode_jpeg, encode_png, load, resize
from predictor.cli import app

Calibrate = Callable[[str], Path]

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
def calibrate(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Calibrate:
    def run(distortions: str) -> Path:
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
                f"--distortions={distortions}",
                "--queries-per-threshold=15",
            ],
        )
        assert result.exit_code == 0, result.output
        return folder

    return run


@pytest.fixture(scope="module")
def calibrated(calibrate: Calibrate) -> Path:
    return calibrate("jpeg,webp,png8,brightness")


def test_a_classifier_is_calibrated_on_whether_its_answer_changes(calibrated: Path):
    trials = [json.loads(line) for line in (calibrated / "trials.jsonl").read_text().splitlines()]
    profile = json.loads((calibrated / "profile.json").read_text())

    assert profile["model"] == "dominant-colour"
    assert any(trial["noticed"] for trial in trials)
    assert all(trial["noticed"] == (trial["reply"] != trial["reference_reply"]) for trial in trials)
    assert not any(trial["noticed"] for trial in trials if trial["stimulus"]["level"] == 0)


def test_answers_that_changed_are_not_judged_as_noticing(calibrated: Path, photos: Path):
    result = RUNNER.invoke(app, ["evaluate", f"--calibration={calibrated}", f"--images={photos}"])

    assert result.exit_code == 1
    assert "a task question's" in result.output


def test_a_models_own_answers_teach_when_they_change(calibrated: Path, photos: Path, tmp_path: Path):
    out = tmp_path / "artifact"

    trained = RUNNER.invoke(
        app, ["train", f"--calibration={calibrated}", f"--images={photos}", f"--out={out}", "--json"]
    )
    version = tmp_path / "version.jpg"
    version.write_bytes(encode_jpeg(load(photos / "coffee.png"), 30))
    answers = [
        json.loads(
            RUNNER.invoke(
                app,
                ["answer", str(photos / "coffee.png"), str(version), f"--artifact={out}", "--json", *model],
            ).stdout
        )
        for model in ([f"--model={calibrated}"], ["--model=somebody-else"])
    ]

    learned = json.loads(trained.stdout)["answer_change"]["dominant-colour"]
    assert learned["trials"] > 20
    assert learned["repeat_rate"] == 0
    assert answers[0]["kl"] > 0
    assert answers[0]["probability"] != pytest.approx(answers[1]["probability"], abs=1e-3)


def test_answers_to_other_changes_than_a_proxys_are_refused(
    photos: Path, calibrate: Calibrate, tmp_path: Path
):
    calibrated = calibrate("saturation,brightness")

    result = RUNNER.invoke(
        app, ["train", f"--calibration={calibrated}", f"--images={photos}", f"--out={tmp_path / 'new'}"]
    )

    assert result.exit_code == 1
    assert "--distortions jpeg,webp,rescale" in result.output
    assert not (tmp_path / "new").exists()
