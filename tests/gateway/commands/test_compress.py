import json
from pathlib import Path

import numpy as np
import pytest
from skimage import data
from typer.testing import CliRunner, Result

from calibration.encoders import reduce_to
from calibration.image import Image, decode, encode_jpeg
from gateway.cli import app


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """A photograph of 1,200 x 1,200 pixels."""
    path = tmp_path / "rocket.jpg"
    path.write_bytes(encode_jpeg(reduce_to(Image(np.ascontiguousarray(data.astronaut())), 1200, 1200), 95))
    return path


def compress(photograph: Path, *options: str) -> Result:
    arguments = ["compress", str(photograph), "--out", str(photograph.parent / "out"), "--json", *options]
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize(
    ("detail", "side", "tokens"),
    [("low", 512, 85), ("HIGH", 768, 765), ("auto", 768, 765), ("ultra", 768, 765)],
)
def test_detail_decides_the_size_that_is_sent(photograph: Path, detail: str, side: int, tokens: int):
    result = compress(photograph, "--model", "gpt-4o", "--provider", "openai", "--detail", detail)

    line = json.loads(result.stdout)
    assert (line["width"], line["height"], line["tokens_out"]) == (side, side, tokens)
    assert decode(Path(line["out"]).read_bytes()).image.width == side


def test_fast_writes_a_jpeg_where_normal_tries_both_codecs(tmp_path: Path):
    small = tmp_path / "small.jpg"
    small.write_bytes(encode_jpeg(Image(np.ascontiguousarray(data.chelsea()[:300, :400])), 95))
    target = ("--model", "gpt-4o", "--provider", "openai")

    fast = json.loads(compress(small, *target, "--effort", "fast").stdout)
    normal = json.loads(compress(small, *target).stdout)

    assert fast["format"] == "jpeg"
    assert normal["bytes_out"] <= fast["bytes_out"]


@pytest.mark.parametrize(
    ("option", "told"),
    [(("--detail", "sharp"), "expected a level of detail among low"), (("--effort", "slow"), "'fast'")],
)
def test_a_value_that_does_not_exist_is_bad_use_that_names_those_that_do(
    photograph: Path, option: tuple[str, str], told: str
):
    result = compress(photograph, *option)

    assert result.exit_code == 2
    assert told in " ".join(result.stderr.replace("│", " ").split())
    assert not (photograph.parent / "out").exists()
