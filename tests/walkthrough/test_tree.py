"""The trees are true: every folder has its line in README.md, every module its phrase in TREE.md."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("calibration", "predictor", "gateway")
ENTRY = re.compile(r"^(?P<path>\S+) {2,}(?P<phrase>\S.*)$")
LONGEST_README_TREE = 51


def listed(page: str, heading: str) -> dict[str, str]:
    """Read `path  phrase` lines of the fenced block that follows `heading`."""
    text = (ROOT / page).read_text(encoding="utf-8")
    block = re.search(rf"^{heading}.*?^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block is not None, f"{page} has no ```text block after {heading!r}"
    entries = [line for line in block[1].splitlines() if line.strip()]
    matches = [ENTRY.match(line) for line in entries]
    unreadable = [line for line, match in zip(entries, matches, strict=True) if match is None]
    assert not unreadable, f"expected 'full/path  phrase', got {unreadable}"
    return {match["path"]: match["phrase"] for match in matches if match is not None}


def rooms() -> dict[str, str]:
    return listed("README.md", "<!-- tree -->")


def modules_listed() -> dict[str, str]:
    return listed("TREE.md", "# Every module")


def modules() -> set[str]:
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return {file.relative_to(ROOT).as_posix() for file in files if file.name != "__init__.py"}


def test_every_listed_path_exists():
    missing = [path for path in rooms() | modules_listed() if not (ROOT / path).exists()]

    assert not missing


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_has_its_phrase(package):
    unlisted = sorted(path for path in modules() - set(modules_listed()) if path.startswith(f"{package}/"))

    assert not unlisted


def test_every_folder_of_modules_has_its_line_in_the_readme():
    folders = {path.rpartition("/")[0] + "/" for path in modules()}

    assert not sorted(folders - set(rooms()))


def test_the_readme_tree_fits_a_screen():
    assert len(rooms()) < LONGEST_README_TREE
