"""The tree in README.md is true: every file it lists exists, every module of the packages is in it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("calibration", "predictor", "gateway")
ENTRY = re.compile(r"^(?P<path>\S+) {2,}(?P<phrase>\S.*)$")


def listed() -> dict[str, str]:
    """Read `path  phrase` lines of the fenced block that follows the line `<!-- tree -->`."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"^<!-- tree -->\s*```text\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert block is not None, "README.md has no ```text block after the line <!-- tree -->"
    entries = [line for line in block[1].splitlines() if line.strip()]
    matches = [ENTRY.match(line) for line in entries]
    unreadable = [line for line, match in zip(entries, matches, strict=True) if match is None]
    assert not unreadable, f"expected 'full/path  phrase', got {unreadable}"
    return {match["path"]: match["phrase"] for match in matches if match is not None}


def modules() -> set[str]:
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return {file.relative_to(ROOT).as_posix() for file in files if file.name != "__init__.py"}


def test_every_listed_path_exists():
    missing = [path for path in listed() if not (ROOT / path).exists()]

    assert not missing


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_of_the_package_is_listed(package):
    unlisted = sorted(path for path in modules() - set(listed()) if path.startswith(f"{package}/"))

    assert not unlisted
