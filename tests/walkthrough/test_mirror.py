"""Every module has its tests in the mirrored place, or its line here that says where they are.

A module is named here when it holds no behaviour of its own, or when a test of it alone would need the very
thing it is made for: then the named tests drive it through its one caller.
"""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("calibration", "predictor", "gateway")

# Shapes and constants only: what could be tested of them is tested where they are used.
NO_BEHAVIOUR = {
    "calibration/observers/protocol.py",
    "calibration/opponent.py",
    "calibration/procedures/protocol.py",
    "calibration/stimuli/distortion.py",
}

TESTED_THROUGH = {}


def mirrored(module: str) -> Path:
    folder, _, name = module.rpartition("/")
    return ROOT / "tests" / folder / f"test_{name}"


def modules() -> list[str]:
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return sorted(file.relative_to(ROOT).as_posix() for file in files if file.name != "__init__.py")


def excused() -> dict[str, str]:
    return TESTED_THROUGH | dict.fromkeys(NO_BEHAVIOUR, "")


def test_every_module_has_its_test_file_or_says_where_it_is_tested():
    assert [module for module in modules() if not mirrored(module).exists() and module not in excused()] == []


def test_nothing_is_excused_that_is_gone_or_has_a_test_file():
    assert [module for module in excused() if not (ROOT / module).exists() or mirrored(module).exists()] == []


@pytest.mark.parametrize(("module", "tests"), TESTED_THROUGH.items())
def test_the_tests_named_instead_exist_and_reach_the_module(module: str, tests: str):
    text = (ROOT / "tests" / tests).read_text(encoding="utf-8")

    assert "def test_" in text
