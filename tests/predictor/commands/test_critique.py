import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from calibration.image import Image, encode_png
from predictor.cli import app
from predictor.critic import loading
from tests.predictor.critic.files import PLACE, packet, png
from tests.predictor.critic.stand_in import StandInCritic

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "find_critic", lambda _: StandInCritic())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.png").write_bytes(png(xmp=packet(f'x:DigitalSourceType="{PLACE}digitalCapture"')))
    (tmp_path / "b.png").write_bytes(b"\x89PNG nothing")
    (tmp_path / "deep" / "c.png").write_bytes(png())
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_the_agreed_fields_are_printed(folder: Path):
    result = RUNNER.invoke(app, ["critique", str(folder / "a.png"), "--json"])

    assert result.exit_code == 0
    record = json.loads(result.stdout)
    assert {
        "file",
        "mos",
        "brightness",
        "colorfulness",
        "contrast",
        "noisiness",
        "sharpness",
        "description",
        "generated_probability",
        "provenance",
    } <= set(record)
    assert record["file"] == str(folder / "a.png")
    assert record["provenance"]["origin"] == "photographed"


def test_one_bad_file_does_not_stop_a_folder_and_is_told(folder: Path):
    result = RUNNER.invoke(app, ["critique", str(folder), "--json"])

    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [Path(record["file"]).name for record in records] == ["a.png", "b.png", "c.png"]
    assert [bool(record["reason"]) for record in records] == [False, True, False]
    assert records[1]["mos"] is None


def test_people_read_the_description(folder: Path):
    result = RUNNER.invoke(app, ["critique", str(folder / "a.png"), str(folder / "missing.png")])

    assert result.exit_code == 1
    assert "a.png: " in result.stderr
    assert "quality 33 of 100" in result.stderr
    assert "missing.png: not judged: " in result.stderr
    assert result.stdout == ""


def test_a_picture_too_small_and_an_empty_folder_are_told(tmp_path: Path):
    (tmp_path / "tiny.png").write_bytes(encode_png(Image(np.zeros((1, 1, 3), np.uint8))))
    (tmp_path / "empty").mkdir()

    result = RUNNER.invoke(app, ["critique", str(tmp_path / "tiny.png"), str(tmp_path / "empty"), "--json"])

    reasons = [json.loads(line)["reason"] for line in result.stdout.splitlines()]
    assert "got 1x1" in reasons[0]
    assert "holds no PNG" in reasons[1]


def test_an_artifact_without_a_judge_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loading, "find_critic", lambda _: None)

    result = RUNNER.invoke(app, ["critique", str(folder)])

    assert result.exit_code == 1
    assert "a judge of quality" in result.stderr


def test_a_list_of_trust_that_is_none_is_bad_use(folder: Path):
    (folder / "anchors.pem").write_text("nothing")

    result = RUNNER.invoke(app, ["critique", str(folder), "--trust-anchors", str(folder / "anchors.pem")])

    assert result.exit_code == 2
    assert "certificates" in result.stderr
