import json
import re
from pathlib import Path

import numpy as np
import pytest
from skimage import data as pictures
from typer.testing import CliRunner, Result

from calibration.image import Image, encode_png
from gateway.cli import app

CUP = encode_png(Image(np.ascontiguousarray(pictures.coffee()[:120, :160])))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["estimate", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cup.png").write_bytes(CUP)
    return tmp_path


def test_json_lines_end_with_the_sums_and_the_report_is_written(folder: Path):
    page = folder / "report.html"

    result = run(
        folder, "--for", "openai:gpt-4o", "--for", "gemini:gemini-2.5-pro", "--report", page, "--json"
    )

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [line.get("model") for line in lines[:2]] == ["gpt-4o", "gemini-2.5-pro"]
    assert lines[-1]["images"] == 1
    assert lines[-1]["bytes_in"] == len(CUP)
    assert lines[-1]["money"]["per_million_tokens"] == 2.5
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_for_people_the_sums_and_what_could_not_be_read_are_told(folder: Path):
    (folder / "broken.png").write_bytes(b"no picture")

    result = run(folder, "--model", "gpt-4o", "--price", "10")

    assert result.exit_code == 1
    assert re.search(r"openai:gpt-4o +1 ", result.stdout)
    assert "1 not read: not PNG, JPEG, WebP or GIF" in result.stdout
    assert "$2.55" in result.stdout  # one tile of gpt-4o: 255 tokens


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["nowhere"], "nowhere"), (["--for", "gpt-4o"], "PROVIDER:MODEL"), (["--price", "-1"], "price")],
)
def test_bad_use_is_told_in_one_line(folder: Path, arguments: list[str], told: str):
    result = run(*([] if arguments == ["nowhere"] else [folder]), *arguments)

    assert result.exit_code == 2
    assert told in result.stderr


def test_a_folder_without_pictures_is_trouble(tmp_path: Path):
    result = run(tmp_path)

    assert result.exit_code == 1
    assert "No picture was found" in result.stdout
