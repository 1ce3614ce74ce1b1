"""The plugin at work, in a run of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SKIPS = {
    "by_hand": "import pytest\ndef test_it(): pytest.skip('not today')",
    "by_a_mark": "import pytest\n@pytest.mark.skipif(True, reason='not today')\ndef test_it(): pass",
    "a_whole_file": "import pytest\npytest.importorskip('no_such_module', reason='not today')",
    "for_want_of_cases": "import pytest\n@pytest.mark.parametrize('case', [])\ndef test_it(case): pass",
}
EXPECTED = "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False"


def outcome(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-p", "tests.no_skips", "-c", os.devnull, str(folder)]
    path = {"PYTHONPATH": str(ROOT), "PATH": os.defpath}
    return subprocess.run(command, cwd=folder, env=path, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("source", SKIPS.values(), ids=SKIPS)
def test_a_skip_fails_the_run_and_says_what_to_do(tmp_path: Path, source: str):
    run = outcome(tmp_path, source)

    assert run.returncode != 0, run.stdout
    assert "no test may be skipped" in run.stdout
    assert "skipped" not in run.stdout.splitlines()[-1]


def test_the_reason_of_a_skip_is_told(tmp_path: Path):
    assert "not today" in outcome(tmp_path, SKIPS["by_hand"]).stdout


@pytest.mark.parametrize("source", ["def test_it(): pass", EXPECTED], ids=["passes", "fails_as_expected"])
def test_other_outcomes_stay(tmp_path: Path, source: str):
    assert outcome(tmp_path, source).returncode == 0


def test_this_run_refuses_skips(pytestconfig: pytest.Config):
    assert pytestconfig.pluginmanager.has_plugin("tests.no_skips")
