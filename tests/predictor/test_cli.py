import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import data
from typer.testing import CliRunner

from calibration.cli import app as calibration_app
from calibration.image import Image, encode_jpeg, encode_png, load, resize
from calibration.stimuli.registry import DISTORTIONS
from predictor.artifact import artifact_version, read_part
from predictor.cli import app
from predictor.predict import Predictor

RUNNER = CliRunner()
NAMES = ("astronaut", "chelsea", "coffee", "rocket")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for name in NAMES:
        photo = resize(Image(getattr(data, name)()[:400, :400]), 128, 128)
        (folder / f"{name}.png").write_bytes(encode_png(photo))
    return folder


@pytest.fixture(scope="module")
def calibrated(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("calibrated")
    command = [
        "run",
        "--observer=simulated:threshold=8,slope=3,false_alarm=0.02,lapse=0.02",
        f"--images={photos}",
        f"--out={folder}",
        "--distortions=blur,noise,brightness",
        "--queries-per-threshold=40",
    ]
    result = RUNNER.invoke(calibration_app, command)
    assert result.exit_code == 0, result.output
    return folder


def run(*arguments: object) -> dict[str, object]:
    result = RUNNER.invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_compare_prints_the_agreed_line(photos: Path):
    found = run("compare", photos / "coffee.png", photos / "coffee.png", "--model", "gpt-4o", "--json")

    assert list(found) == ["probability", "jnd_ratio", "low", "high"]
    assert found["jnd_ratio"] == 0.0


def test_compare_takes_another_size_but_not_another_shape(photos: Path, tmp_path: Path):
    half, wide = tmp_path / "half.jpg", tmp_path / "wide.jpg"
    photo = Image(data.coffee()[:400, :400])
    half.write_bytes(encode_jpeg(resize(photo, 64, 64), 90))
    wide.write_bytes(encode_jpeg(resize(photo, 128, 64), 90))

    assert run("compare", photos / "coffee.png", half, "--json")["jnd_ratio"]
    refused = RUNNER.invoke(app, ["compare", str(photos / "coffee.png"), str(wide), "--json"])
    assert refused.exit_code == 1
    assert "aspect ratio" in refused.stderr


def test_compare_tells_what_is_no_picture(photos: Path, tmp_path: Path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")

    result = RUNNER.invoke(app, ["compare", str(photos / "coffee.png"), str(tmp_path / "broken.png")])

    assert result.exit_code == 1
    assert "error" in result.stderr


def test_a_model_nobody_knows_is_told_and_a_folder_that_is_not_there_is_refused(photos: Path):
    asked = ["compare", str(photos / "coffee.png"), str(photos / "coffee.png"), "--json", "--model"]

    unknown, nowhere = (RUNNER.invoke(app, [*asked, name]) for name in ("gpt-9000", "./calibrated"))

    assert unknown.exit_code == 0
    assert "nothing is known of gpt-9000" in unknown.stderr
    assert nowhere.exit_code == 1
    assert "./calibrated" in nowhere.stderr


@pytest.mark.parametrize("name", ["photo[old].png", "photo[/x].png"])
def test_a_files_name_is_told_as_it_is(photos: Path, tmp_path: Path, name: str):
    broken = tmp_path / name.replace("/", "-")
    broken.write_bytes(b"\x89PNG nothing")

    result = RUNNER.invoke(app, ["compare", str(photos / "coffee.png"), str(broken)])

    assert result.exit_code == 1
    assert broken.name in result.stderr


def test_help_loads_no_torch():
    asked = "import sys, predictor.cli; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


@pytest.mark.parametrize("module", ["calibration.cli", "predictor.cli", "gateway.cli"])
def test_a_command_can_be_run_as_a_module(module: str):
    found = subprocess.run([sys.executable, "-m", module, "--help"], capture_output=True, check=True)

    assert b"Usage" in found.stdout


def test_thresholds_prints_a_line_per_picture(photos: Path):
    files = [photos / "coffee.png", photos / "rocket.png"]

    result = RUNNER.invoke(app, ["thresholds", *map(str, files), "--json"])

    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["file"] for line in lines] == [str(file) for file in files]
    for line in lines:
        assert set(line["distortions"]) == set(DISTORTIONS)
        assert set(line["delivery"]) == {"jpeg_quality", "webp_quality", "scale"}
        for found in line["distortions"].values():
            assert found["low"] <= found["level"] <= found["high"]
    assert lines[0]["distortions"]["noise"]["level"] != lines[1]["distortions"]["noise"]["level"]


def test_thresholds_are_a_table_for_people(photos: Path):
    result = RUNNER.invoke(app, ["thresholds", str(photos / "coffee.png"), "--model", "gpt-4o"])

    assert not result.stdout
    assert all(one.label.split()[0] in result.stderr for one in DISTORTIONS.values())
    assert "sent as JPEG" in result.stderr


def test_thresholds_allow_coarser_codecs_where_more_may_be_noticed(photos: Path):
    careful, careless = (
        run("thresholds", photos / "coffee.png", "--noticed", noticed, "--json")["delivery"]
        for noticed in (0.05, 0.5)
    )

    assert careful["jpeg_quality"] > careless["jpeg_quality"]  # type: ignore[index]


def test_thresholds_refuse_a_chance_that_is_none_and_tell_what_is_no_picture(photos: Path, tmp_path: Path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")

    assert RUNNER.invoke(app, ["thresholds", str(photos / "coffee.png"), "--noticed", "1"]).exit_code == 2
    result = RUNNER.invoke(app, ["thresholds", str(tmp_path / "broken.png"), "--json"])

    assert result.exit_code == 1
    assert not result.stdout
    assert "error" in result.stderr


def test_answer_tells_which_limit_keeps_a_rate_of_changed_answers_unless_the_margin_is_known(photos: Path):
    asked = ["answer", str(photos / "coffee.png"), str(photos / "coffee.png"), "--json"]

    unknown, known = RUNNER.invoke(app, asked), RUNNER.invoke(app, [*asked, "--margin", "0.5"])

    knobs = [limit.knob for limit in Predictor.load().answer_limits if limit.knob is not None]
    assert knobs
    assert all(f"{knob:.3f}" in unknown.stderr for knob in knobs)
    assert "answers change" not in known.stderr


def test_train_learns_from_trials_and_evaluate_reads_the_result(
    photos: Path, calibrated: Path, tmp_path: Path
):
    artifact = tmp_path / "artifact"
    figures = run("train", "--calibration", calibrated, "--images", photos, "--out", artifact, "--json")
    found = run("evaluate", "--artifact", artifact, "--calibration", calibrated, "--images", photos, "--json")

    assert figures["fitted_pairs"]
    assert float(str(figures["seconds"])) > 0
    assert read_part(artifact, "noticeability").card["training"]["went_on_from"]
    assert len(artifact_version(artifact)) == 12
    assert set(found) == {
        "auc",
        "brier",
        "threshold_error_median",
        "coverage_95",
        "baselines",
        "n_pairs",
        "learned_from",
        "profile_from",
        "profile_saw_these_trials",
    }
    assert found["n_pairs"] == 120
    assert found["profile_from"] == str(calibrated)
    assert found["profile_saw_these_trials"]
    assert float(str(found["auc"])) > 0.6
    assert set(found["baselines"]) == {"psnr", "ssim", "gmsd"}  # type: ignore[call-overload]


def test_evaluate_judges_by_another_profile_and_says_whose(photos: Path, calibrated: Path):
    asked = ["evaluate", "--calibration", calibrated, "--images", photos, "--json"]

    own, other = run(*asked), run(*asked, "--model", "gpt-4o")

    assert (own["profile_saw_these_trials"], other["profile_saw_these_trials"]) == (True, False)
    assert other["profile_from"] == "gpt-4o"
    assert other["brier"] != own["brier"]


def test_train_without_answers_is_bad_use(photos: Path, tmp_path: Path):
    result = RUNNER.invoke(app, ["train", "--images", str(photos), "--out", str(tmp_path)])

    assert result.exit_code == 2


def test_train_with_pictures_that_are_not_those_of_the_trials_is_told(calibrated: Path, tmp_path: Path):
    (tmp_path / "other.png").write_bytes(encode_png(Image(np.zeros((8, 8, 3), np.uint8))))

    result = RUNNER.invoke(
        app,
        ["train", "--calibration", str(calibrated), "--images", str(tmp_path), "--out", str(tmp_path / "a")],
    )

    assert result.exit_code == 1
    assert "found none" in result.stderr


def test_compare_draws_where_the_difference_is_and_tells_it_on_stderr(tmp_path: Path):
    pixels = data.coffee()[:400, :600].copy()
    pixels[20:90, 20:90] = (20, 200, 40)
    original, changed, drawn = tmp_path / "original.png", tmp_path / "changed.png", tmp_path / "map.png"
    original.write_bytes(encode_png(Image(data.coffee()[:400, :600].copy())))
    changed.write_bytes(encode_png(Image(pixels)))

    result = RUNNER.invoke(app, ["compare", str(original), str(changed), "--map", str(drawn), "--json"])

    assert result.exit_code == 0, result.output
    assert list(json.loads(result.stdout)) == ["probability", "jnd_ratio", "low", "high"]
    assert "top left" in result.stderr
    heat = load(drawn)
    assert (heat.width, heat.height) == (600, 400)
    row, column = np.unravel_index(int(np.ptp(heat.pixels.astype(int), axis=2).argmax()), (400, 600))
    assert row < 130
    assert column < 130
    assert sorted(path.name for path in tmp_path.iterdir()) == ["changed.png", "map.png", "original.png"]


def test_a_map_that_cannot_be_written_is_told(photos: Path, tmp_path: Path):
    coffee = str(photos / "coffee.png")

    result = RUNNER.invoke(app, ["compare", coffee, coffee, "--map", str(tmp_path / "no" / "map.png")])

    assert result.exit_code == 1
    assert "cannot write" in result.stderr


def rewritten(calibrated: Path, folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Copy a calibration folder, its trials changed one by one."""
    folder.mkdir()
    (folder / "profile.json").write_bytes((calibrated / "profile.json").read_bytes())
    trials = [json.loads(line) for line in (calibrated / "trials.jsonl").read_text().splitlines()]
    for trial in trials:
        change(trial)
    (folder / "trials.jsonl").write_text("".join(json.dumps(trial) + "\n" for trial in trials))
    return folder


@pytest.mark.parametrize("command", ["evaluate", "train"])
def test_trials_that_are_no_numbers_are_told_with_their_line(
    photos: Path, calibrated: Path, tmp_path: Path, command: str
):
    def spoil(trial: dict[str, Any]) -> None:
        if trial["index"] == 3:
            trial["stimulus"]["level"] = math.nan

    spoiled = rewritten(calibrated, tmp_path / "spoiled", spoil)
    out = ["--out", str(tmp_path / "artifact")] if command == "train" else []

    result = RUNNER.invoke(app, [command, "--calibration", str(spoiled), "--images", str(photos), *out])

    assert result.exit_code == 1
    assert "trials.jsonl, line" in result.stderr
    assert "finite" in result.stderr


@pytest.mark.parametrize("command", ["evaluate", "train"])
def test_answers_of_one_kind_are_told(photos: Path, calibrated: Path, tmp_path: Path, command: str):
    alike = rewritten(
        calibrated, tmp_path / "alike", lambda trial: trial.update(noticed=True, probability=None)
    )
    out = ["--out", str(tmp_path / "artifact")] if command == "train" else []

    result = RUNNER.invoke(app, [command, "--calibration", str(alike), "--images", str(photos), *out])

    assert result.exit_code == 1
    assert "one kind only" in result.stderr


EYES = """
import numpy as np


class Eye:
    def __init__(self, name, limit):
        self.name, self.limit = name, limit

    def answer(self, prompt, images):
        first, second = (np.asarray(image.resize((96, 96)), dtype=float) for image in images)
        different = np.abs(first - second).mean() > self.limit
        return "Yes" if different != ("identical" in prompt) else "No"


def sharp():
    return Eye("sharp", 2.0)


def dull():
    return Eye("dull", 6.0)
"""


@pytest.fixture
def eyes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "two_eyes.py").write_text(EYES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_a_python_observer_unknown_to_the_artifact_is_predicted_from_its_calibration(
    eyes: Path, photos: Path
):
    options = ["--distortions=blur,noise,brightness", "--queries-per-threshold=25"]
    command = ["run", "--observer=python:two_eyes:sharp", f"--images={photos}", f"--out={eyes / 'sharp'}"]
    calibrated = RUNNER.invoke(calibration_app, [*command, *options])
    assert calibrated.exit_code == 0, calibrated.output

    found = run("evaluate", "--calibration", eyes / "sharp", "--images", photos, "--json")

    assert float(str(found["auc"])) > 0.8
    assert float(str(found["n_pairs"])) == 75


@pytest.mark.slow
def test_several_observers_are_asked_and_named_on_the_card(eyes: Path, photos: Path):
    asked = ["--observer", "python:two_eyes:sharp", "--observer", "python:two_eyes:dull"]

    run("train", *asked, "--images", photos, "--out", eyes / "a", "--pairs", 200, "--json")

    learned = read_part(eyes / "a", "noticeability").card["training"]["observers"]
    assert [one["model"] for one in learned] == ["sharp", "dull"]
    assert learned[0]["thresholds"]["noise"] < learned[1]["thresholds"]["noise"]


def test_too_few_trials_to_learn_from_are_told_and_nothing_is_written(
    photos: Path, calibrated: Path, tmp_path: Path
):
    few = tmp_path / "few"
    shutil.copytree(calibrated, few)
    trials = (few / "trials.jsonl").read_text().splitlines(keepends=True)
    (few / "trials.jsonl").write_text("".join(trials[:60]))

    result = RUNNER.invoke(
        app, ["train", f"--calibration={few}", f"--images={photos}", f"--out={tmp_path / 'new'}"]
    )

    assert result.exit_code == 1
    assert "nothing was learned" in " ".join(result.output.split())
    assert not (tmp_path / "new").exists()
