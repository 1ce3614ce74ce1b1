"""A distortion more in the registry breaks nothing that was learned without it.

Each command runs in a process of its own whose registry has one line more, as a new file under stimuli/ would
give it.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, encode_png

ONE_LINE_MORE = """
import sys
from types import MappingProxyType
import numpy as np
import calibration.stimuli.registry as registry
from calibration.image import Image
from calibration.stimuli.distortion import Distortion

def tint(image, level, rng):
    pixels = image.pixels.astype(float)
    pixels[..., 0] += 2 * level
    return Image(np.clip(pixels, 0, 255).astype(np.uint8))

toy = Distortion("tint", "tint", 50, "grey levels of red", lambda level: 2 * level, tint)
registry.DISTORTIONS = MappingProxyType({**registry.DISTORTIONS, toy.name: toy})
"""
CALIBRATE = ONE_LINE_MORE + "from calibration.cli import app; app()"
PREDICT = ONE_LINE_MORE + "from predictor.cli import app; app()"


def run(program: str, *arguments: object) -> dict[str, object]:
    found = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return dict(json.loads(found.stdout))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    for index in range(8):
        part = data.astronaut()[index * 30 : index * 30 + 200, :200]
        (folder / f"{index}.png").write_bytes(encode_png(Image(np.ascontiguousarray(part))))
    return folder


def test_the_shipped_artifact_still_predicts_what_it_learned(images: Path):
    thresholds = run(PREDICT, "thresholds", images / "0.png", "--model", "embedded")
    compared = run(PREDICT, "compare", images / "0.png", images / "1.png", "--model", "embedded")

    assert "tint" not in thresholds["distortions"]
    assert len(thresholds["distortions"]) == 15
    assert compared["jnd_ratio"] > 1


def test_it_is_calibrated_and_its_trials_are_evaluated_and_learned_from(images: Path, tmp_path: Path):
    observer = (
        "--observer",
        "simulated:threshold=10",
        "--images",
        images,
        "--distortions",
        "blur,tint,noise,jpeg,mask",
    )
    asked = run(CALIBRATE, "run", *observer, "--out", tmp_path / "calibrated")
    both = ("--calibration", tmp_path / "calibrated", "--images", images)

    evaluated = run(PREDICT, "evaluate", *both)
    run(PREDICT, "train", *both, "--out", tmp_path / "artifact")

    assert asked["distortions"]["tint"]["unit_value"] == pytest.approx(20, rel=0.5)
    assert evaluated["n_pairs"] > 50
    known = json.loads((tmp_path / "artifact" / "card.json").read_text())["parts"]["noticeability"][
        "settings"
    ]
    assert "tint" not in known["families"]
    assert len(known["known_models"]) > 0
