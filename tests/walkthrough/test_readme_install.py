"""The install lines of README.md hold: they agree with what is pinned, with the extras and with `make`."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
INSTALLED = re.findall(r"^\$ pip install (.+?)(?: +#.*)?$", README, re.MULTILINE)


def test_torch_comes_first_and_light_in_its_pinned_version_as_with_make():
    found = re.fullmatch(r"(torch==\S+) --index-url (\S+)", INSTALLED[0])

    assert found is not None, INSTALLED[0]
    assert found[1] in (ROOT / "constraints.txt").read_text().splitlines()
    assert f"TORCH_INDEX-{found[2]}}}" in (ROOT / "tools/set_up.sh").read_text()
    assert f'="{found[2]}"' in (ROOT / "deploy/Dockerfile").read_text()


def test_every_extra_that_is_installed_exists():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {
        extra
        for line in INSTALLED
        for extras in re.findall(r"\[(.+?)\]", line)
        for extra in extras.split(",")
    }

    assert named == {"local", "cluster"}
    assert named <= set(project["optional-dependencies"])


def test_everything_else_keeps_to_the_pinned_versions():
    assert all(line.startswith("-c constraints.txt ") for line in INSTALLED[1:])
    assert len(INSTALLED) == 4
