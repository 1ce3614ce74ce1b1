"""From an install without extras, every command that needs one says which."""

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from PIL import Image as PilImage
from typer.testing import CliRunner

from calibration import extras
from calibration.cli import app as calibrate
from calibration.extras import extras_by_module, missing_extra

# Runs each command with the modules of all extras out of reach, as on a machine that never installed them.
BARE = """
import json, sys
from importlib.abc import MetaPathFinder
from typer.testing import CliRunner

blocked, commands = json.loads(sys.argv[1])

class Blocker(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
from calibration.cli import app as calibrate
from gateway.cli import app as gateway
from predictor.cli import app as predictor
apps = {"jnd-calibrate": calibrate, "jnd-predictor": predictor, "jnd-gateway": gateway}
for name, *arguments in commands:
    result = CliRunner().invoke(apps[name], arguments)
    print(json.dumps([result.exit_code, result.stderr or repr(result.exception)]), flush=True)
"""
COMMANDS = [
    ["jnd-calibrate", "run", "--observer", "embedded", "--images", "IN", "--out", "OUT"],
    ["jnd-calibrate", "run", "--observer", "transformers:nobody/nothing", "--images", "IN", "--out", "OUT"],
    ["jnd-calibrate", "run", "--observer", "simulated:threshold=20", "--images", "IN", "--out", "OUT"],
    ["jnd-calibrate", "report", "--calibration", "CALIBRATED"],
    ["jnd-calibrate", "build", "--images", "IN", "--out", "OUT"],
    ["jnd-calibrate", "serve", "--observer", "embedded"],
    ["jnd-calibrate", "run", "--observer", "embedded", "--images", "IN", "--out", "OUT", "--cluster", "ray"],
    ["jnd-predictor", "train", "--observer", "embedded", "--images", "IN", "--out", "ARTIFACT"],
    ["jnd-predictor", "train", "--calibration", "CALIBRATED", "--images", "IN", "--out", "ARTIFACT"],
    ["jnd-predictor", "evaluate", "--calibration", "CALIBRATED", "--images", "IN"],
    ["jnd-gateway", "demo"],
]
NEEDS_NONE = [
    ["jnd-calibrate", "compare", "gpt-4o", "embedded"],
    ["jnd-predictor", "thresholds", "PICTURE"],
    ["jnd-predictor", "compare", "PICTURE", "PICTURE"],
    ["jnd-gateway", "inspect", "PICTURE"],
    ["jnd-gateway", "compress", "PICTURE", "--out", "OUT"],
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, str]]:
    folder = tmp_path_factory.mktemp("bare")
    (folder / "in").mkdir()
    for number in range(2):
        PilImage.new("RGB", (64, 64), (number * 90, 80, 40)).save(folder / "in" / f"{number}.png")
    places = {name: str(folder / name.lower()) for name in ("IN", "OUT", "CALIBRATED", "ARTIFACT")}
    places["PICTURE"] = str(folder / "in" / "0.png")
    asked = ["--distortions", "blur,noise", "--queries-per-threshold", "60", "--out", places["CALIBRATED"]]
    made = ["run", "--observer", "simulated:threshold=20", "--images", places["IN"], *asked]
    assert CliRunner().invoke(calibrate, made).exit_code == 0
    commands = [[places.get(word, word) for word in command] for command in [*COMMANDS, *NEEDS_NONE]]
    blocked = list(extras_by_module())
    ran = subprocess.run(
        [sys.executable, "-c", BARE, json.dumps([blocked, commands])],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        cwd=Path(__file__).parents[2],
    )
    return [tuple(json.loads(line)) for line in ran.stdout.splitlines() if line.startswith("[")]


@pytest.mark.parametrize("number", range(len(COMMANDS)), ids=lambda number: " ".join(COMMANDS[number][:4]))
def test_a_command_that_needs_an_extra_says_which(outcomes: list[tuple[int, str]], number: int):
    code, said = outcomes[number]

    extra = "cluster" if "ray" in COMMANDS[number] else "local"
    assert f"pip install 'lmm-jnd[{extra}]'" in said
    assert "Traceback" not in said
    assert code == 2


@pytest.mark.parametrize(
    "number", range(len(NEEDS_NONE)), ids=lambda number: " ".join(NEEDS_NONE[number][:3])
)
def test_a_command_that_needs_no_extra_goes_through(outcomes: list[tuple[int, str]], number: int):
    code, said = outcomes[len(COMMANDS) + number]

    assert "Error" not in said
    assert code == 0


def test_every_module_of_an_extra_is_known_by_the_name_it_is_imported_by():
    found = extras_by_module()

    assert found["sklearn"] == found["skimage"] == found["transformers"] == found["matplotlib"] == "local"
    assert found["ray"] == "cluster"


def test_a_module_of_no_extra_is_not_explained_away():
    assert (
        missing_extra(ModuleNotFoundError("No module named 'calibration.nowhere'", name="calibration"))
        is None
    )


def test_what_is_not_installed_as_a_package_has_no_extras(monkeypatch: pytest.MonkeyPatch):
    def unknown(name: str) -> list[str]:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(extras, "requires", unknown)

    assert extras_by_module() == {}
