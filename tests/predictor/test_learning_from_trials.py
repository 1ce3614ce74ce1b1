"""Somebody calibrates a model of their own, trains with its trials, and evaluates: does it get better?"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import data
from typer.testing import CliRunner

from calibration.cli import app as calibration_app
from calibration.image import Image, encode_png, resize
from predictor.cli import app

RUNNER = CliRunner()
OBSERVER = '''
import numpy as np

from calibration.image import Image
from tests.predictor.masked_visibility import MaskedVisibility
from predictor.learning.dataset import NO_FAMILY, Pair


class Guesser:
    """Sees as a made-up observer does, but says "different" to every tenth pair whatever it shows."""

    name = "guesser"
    eye = MaskedVisibility(acuity=0.2)
    luck = np.random.default_rng(0)  # anew for every question: that of a picture would be one draw, repeated

    def answer(self, prompt, images):
        first, second = (Image(np.ascontiguousarray(np.asarray(image.convert("RGB")))) for image in images)
        chance = 0.1 + 0.8 * float(self.eye.label([Pair(first, second, "", NO_FAMILY, 0.0)])[0])
        return "Yes" if (self.luck.random() < chance) != ("identical" in prompt) else "No"


def guesser():
    return Guesser()
'''
DISTORTIONS = "blur,noise,contrast"
AS_READ = 0.005  # half of the second decimal, the last in which anybody reads these figures


def write_photos(folder: Path, names: tuple[str, ...]) -> Path:
    folder.mkdir()
    for name in names:
        pixels = getattr(data, name)()
        square = Image(np.ascontiguousarray(pixels[:280, :280, :3]))
        (folder / f"{name}.png").write_bytes(encode_png(resize(square, 128, 128)))
    return folder


def calibrate(photos: Path, out: Path, *, queries: int, seed: int) -> Path:
    command = ["run", "--observer=python:guessing:guesser", f"--images={photos}", f"--out={out}"]
    options = [f"--distortions={DISTORTIONS}", f"--queries-per-threshold={queries}", f"--seed={seed}"]
    result = RUNNER.invoke(calibration_app, [*command, *options])
    assert result.exit_code == 0, result.output
    return out


def evaluated(calibration: Path, photos: Path, *options: str) -> dict[str, Any]:
    command = ["evaluate", f"--calibration={calibration}", f"--images={photos}", *options, "--json"]
    result = RUNNER.invoke(app, command)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.slow
def test_training_with_a_models_trials_makes_no_figure_worse_on_fresh_photographs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "guessing.py").write_text(OBSERVER)
    monkeypatch.chdir(tmp_path)
    asked = write_photos(tmp_path / "asked", ("astronaut", "chelsea", "retina"))
    fresh = write_photos(tmp_path / "fresh", ("coffee", "rocket"))
    own = calibrate(asked, tmp_path / "own", queries=60, seed=1)
    # The fresh trials are judged by the profile of the calibration, as any new picture is.
    check = calibrate(fresh, tmp_path / "check", queries=60, seed=2)
    (check / "profile.json").write_bytes((own / "profile.json").read_bytes())
    before = evaluated(check, fresh)

    trained = RUNNER.invoke(
        app, ["train", f"--calibration={own}", f"--images={asked}", f"--out={tmp_path / 'artifact'}"]
    )
    after = evaluated(check, fresh, f"--artifact={tmp_path / 'artifact'}")

    assert trained.exit_code == 0, trained.output
    assert after["brier"] <= before["brier"] + AS_READ
    assert after["threshold_error_median"] <= before["threshold_error_median"] + AS_READ
    assert after["auc"] >= before["auc"] - AS_READ
    assert after["coverage_95"] >= before["coverage_95"]
