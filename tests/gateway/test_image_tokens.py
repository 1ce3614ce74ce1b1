import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image as PillowImage
from typer.testing import CliRunner

from gateway.cli import app
from gateway.image_tokens import ImageTokens, Unreadable, count_tokens
from gateway.providers.rules import Recipient, Size, load_rules

KEYS = [
    "file",
    "width",
    "height",
    "seen_width",
    "seen_height",
    "tokens",
    "rule",
    "limits_exceeded",
    "conflict",
]


@pytest.fixture
def picture_file(tmp_path):
    def write(name, width, height, turn=1):
        exif = PillowImage.Exif()
        exif[0x0112] = turn
        buffer = io.BytesIO()
        picture = PillowImage.fromarray(np.zeros((height, width, 3), dtype=np.uint8))
        picture.save(buffer, {"jpg": "JPEG", "gif": "GIF", "png": "PNG"}[name.rpartition(".")[2]], exif=exif)
        path = tmp_path / name
        path.write_bytes(buffer.getvalue())
        return path

    return write


def run(*arguments):
    return CliRunner().invoke(app, ["tokens", *(str(argument) for argument in arguments)])


def test_a_line_of_json_tells_of_each_picture_as_it_is_shown_upright(picture_file):
    lying, upright = picture_file("lying.jpg", 4032, 3024, turn=6), picture_file("upright.png", 1024, 1024)

    result = run(lying, upright, "--provider", "anthropic", "--model", "claude-sonnet-4-5", "--json")

    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert list(first) == KEYS
    assert (first["width"], first["height"]) == (3024, 4032)
    assert (first["seen_width"], first["seen_height"], first["tokens"]) == (952, 1270, 1564)
    assert (second["tokens"], second["rule"], second["limits_exceeded"]) == (1369, "claude standard", [])
    assert result.exit_code == 0


def test_detail_is_taken_into_account_and_named(picture_file):
    path = picture_file("a.png", 4032, 3024)

    def told(*options):
        line = json.loads(run(path, "--model", "gpt-5.5", *options, "--json").stdout)
        return line["tokens"], line["rule"]

    assert told() == (11_868, "gpt-5.5 patches")
    assert told("--detail", "High") == (2942, "gpt-5.5 patches, high")
    assert told("--detail", "auto") == (11_868, "gpt-5.5 patches")


def test_what_a_request_would_fail_for_is_named_and_exit_code_1(picture_file):
    tall, gif = picture_file("tall.png", 20, 8500), picture_file("a.gif", 8, 8)

    claude = run(tall, "--provider", "anthropic", "--model", "claude-opus-4-7", "--images", 21, "--json")
    gemini = run(gif, "--provider", "gemini", "--model", "gemini-3-pro", "--json")

    assert json.loads(claude.stdout)["limits_exceeded"] == ["side", "side_of_many"]
    assert json.loads(gemini.stdout)["limits_exceeded"] == ["format"]
    assert (claude.exit_code, gemini.exit_code) == (1, 1)


def test_a_file_that_cannot_be_read_does_not_lose_the_others(picture_file, tmp_path):
    text = tmp_path / "text.png"
    text.write_text("no picture")
    files = [tmp_path / "nothing.png", text, picture_file("a.png", 8, 8)]

    found = list(count_tokens(files, load_rules(), Recipient("openai", "gpt-4o")))

    assert [type(each) for each in found] == [Unreadable, Unreadable, ImageTokens]
    assert found[2].seen == Size(8, 8)
    result = run(*files, "--model", "gpt-4o", "--json")
    assert result.exit_code == 1
    assert [json.loads(line)["tokens"] for line in result.stdout.splitlines()] == [None, None, 85 + 170]


def test_people_get_a_table_and_are_told_where_sources_disagree(picture_file):
    result = run(picture_file("a.png", 64, 32), "--model", "gpt-5.2")

    assert "64 x 32" in result.stdout
    assert "sources disagree" in result.stderr
    assert "1,536" in result.stderr


def test_a_provider_nobody_knows_is_told_and_everything_is_taken_to_be_shown(picture_file):
    result = run(picture_file("a.png", 64, 32), "--model", "m", "--provider", "opnai", "--json")

    assert "opnai" in result.stderr
    assert json.loads(result.stdout)["rule"] == "unknown"


def test_counting_loads_neither_torch_nor_opencv():
    code = "import sys, gateway.image_tokens; sys.exit('torch' in sys.modules or 'cv2' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
