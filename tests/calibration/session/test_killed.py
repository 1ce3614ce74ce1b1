"""A run is killed with SIGKILL at random moments and must neither lose an answer nor ask one twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from calibration.trials import Trial, read_trials

Command = Callable[[Path, Path, Path], list[str]]

PLUGIN = """
import time
from calibration.questions import IDENTICAL_PROMPT

class Slow:
    name = "slow"

    def answer(self, prompt, images):
        time.sleep(0.004)
        first, second = (image.tobytes() for image in images)
        same = first == second
        return "Yes" if same == (prompt == IDENTICAL_PROMPT) else "No"

def factory():
    return Slow()
"""


def command(folder: Path, photos: Path, out: Path) -> list[str]:
    (folder / "slow_observer.py").write_text(PLUGIN)
    options = ["--observer", "python:slow_observer:factory", "--images", str(photos), "--out", str(out)]
    more = ["--distortions", "blur,noise", "--queries-per-threshold", "120", "--procedure", "constant"]
    return [sys.executable, "-m", "calibration.cli", "run", *options, *more]


PROMPT_PLUGIN = """
import time

class Slow:
    name = "slow"

    def answer(self, prompt, images):
        time.sleep(0.004)
        return str("twice" in prompt)

def factory():
    return Slow()
"""


def prompt_command(folder: Path, photos: Path, out: Path) -> list[str]:
    (folder / "slow_reader.py").write_text(PROMPT_PLUGIN)
    (folder / "prompt.txt").write_text("What is shown? Answer with one word. Look twice before you answer.")
    options = ["--observer", "python:slow_reader:factory", "--images", str(photos), "--out", str(out)]
    more = ["--question", "prompt:prompt.txt", "--queries-per-threshold", "80"]
    return [sys.executable, "-m", "calibration.cli", "run", *options, *more]


def kill_when_answered(arguments: list[str], folder: Path, log: Path, count: int) -> bool:
    """Start a run and kill it once the log holds `count` lines; whether it was still running."""
    process = subprocess.Popen(arguments, cwd=folder, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        if log.exists() and log.read_bytes().count(b"\n") >= count:
            os.kill(process.pid, signal.SIGKILL)
            break
        time.sleep(0.002)
    return process.wait() == -signal.SIGKILL


def _facts(trials: list[Trial]) -> dict[str, tuple[object, bool | None]]:
    return {t.id: (t.stimulus, t.noticed) for t in trials}


@pytest.mark.parametrize("command", [command, prompt_command], ids=["pictures", "prompts"])
@pytest.mark.parametrize("kills", [2, pytest.param(9, marks=pytest.mark.slow)])
def test_a_run_killed_at_random_moments_loses_no_answer_and_asks_none_twice(
    photo_folder: Path, tmp_path: Path, kills: int, command: Command
):
    rng = np.random.default_rng(kills)
    moments = sorted(rng.integers(1, 235, kills).tolist())
    cut, log = command(tmp_path, photo_folder, tmp_path / "cut"), tmp_path / "cut" / "trials.jsonl"
    kept: list[Trial] = []

    for moment in moments:
        assert kill_when_answered(cut, tmp_path, log, moment)
        survived = read_trials(log)
        assert survived[: len(kept)] == kept
        kept = survived
    subprocess.run(cut, cwd=tmp_path, check=True, capture_output=True)

    finished = read_trials(log)
    whole = command(tmp_path, photo_folder, tmp_path / "whole")
    subprocess.run(whole, cwd=tmp_path, check=True, capture_output=True)
    expected = read_trials(tmp_path / "whole" / "trials.jsonl")
    assert finished[: len(kept)] == kept
    assert len(finished) == len({t.id for t in finished}) == 240
    assert _facts(finished) == _facts(expected)
