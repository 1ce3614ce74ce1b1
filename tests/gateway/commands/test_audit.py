"""The whole command, asked of a server of `jnd-calibrate serve` whose model looks at every pixel."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from skimage import data
from typer.testing import CliRunner

from calibration.image import Image, encode_png
from calibration.observers.protocol import Query
from calibration.serve import build_app
from gateway.cli import app
from tests.gateway.conftest import Server, listening


class TextureModel:
    """Answers how much neighbouring pixels differ, which any loss changes."""

    name = "texture"

    def __init__(self) -> None:
        self.asked = 0

    def complete(self, queries: Sequence[Query]) -> list[str]:
        self.asked += len(queries)
        return [f"{_texture(query.images[0]):.1f}" for query in queries]

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def count_image_tokens(self, image: Image) -> int:
        return image.width * image.height // 784


def _texture(picture: Image) -> float:
    return float(np.abs(np.diff(picture.pixels[..., 1].astype(float), axis=1)).mean())


@pytest.fixture
def model() -> TextureModel:
    return TextureModel()


@pytest.fixture
def server(model: TextureModel) -> Iterator[Server]:
    with listening(build_app(model)) as found:
        yield found


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "pictures").mkdir()
    for number in range(6):
        crop = data.chelsea()[40 * number : 40 * number + 96, 60 : 60 + 128]
        picture = Image(np.ascontiguousarray(crop))
        (tmp_path / "pictures" / f"{number}.png").write_bytes(encode_png(picture))
    (tmp_path / "prompt.txt").write_text("How rough is it?")
    return tmp_path


def audited(server: Server, files: Path, *more: str) -> tuple[int, str, str]:
    arguments = ["--images", files / "pictures", "--questions", files / "prompt.txt", "--model", "texture"]
    arguments += ["--upstream", f"http://127.0.0.1:{server.port}/v1", "--out", files / "audit.jsonl"]
    arguments += ["--profile", "embedded", "--provider", "openai", "--budget", "60"]
    result = CliRunner().invoke(app, ["audit", *map(str, arguments), *more])
    return result.exit_code, result.stdout, result.stderr


def test_the_exact_tier_changes_no_answer_and_a_knob_turned_too_far_is_found_out(server: Server, files: Path):
    exact = audited(server, files, "--tier", "exact", "--json")
    lean = audited(server, files, "--tier", "lean", "--max-probability", "0.9", "--json")

    assert exact[0] == 0 and json.loads(exact[1])["changed"] == []
    found = json.loads(lean[1])
    assert (lean[0], found["finding"]) == (1, "broken")
    assert found["classes"][0]["all"]["share"] > 0.5
    assert found["asked"] == 18  # two of each original, one of each lightened


def test_people_read_a_table_and_a_sentence_after_being_told_what_it_may_cost(server: Server, files: Path):
    code, out, told = audited(server, files, "--tier", "lean", "--max-probability", "0.9")

    assert code == 1
    assert "at most 18 will be put to texture (openai, openai), 0 answers are in" in told
    assert "beyond noise" in out and "photograph" in out
    assert out.strip().splitlines()[-1].startswith("texture, tier lean: lightening changed ")
    assert out.strip().endswith("The promise of at most 5 % is broken.")


def test_the_same_command_again_costs_nothing_and_says_the_same(
    server: Server, files: Path, model: TextureModel
):
    first = audited(server, files, "--tier", "lean", "--json")
    asked = model.asked

    again = audited(server, files, "--tier", "lean", "--json")

    assert (again[0], json.loads(again[1])["classes"]) == (first[0], json.loads(first[1])["classes"])
    assert model.asked == asked > 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--model", "other"], "answered 404"),
        (["--images", "nowhere"], "holds no picture"),
        (["--questions", "nowhere"], "cannot be read as questions"),
        (["--out", "pyproject.toml"], "answer of an audit"),
    ],
)
def test_bad_use_ends_with_2_and_a_reason(server: Server, files: Path, options: list[str], told: str):
    code, out, errors = audited(server, files, "--tier", "lean", *options)

    assert (code, out) == (2, "")
    assert told in errors
