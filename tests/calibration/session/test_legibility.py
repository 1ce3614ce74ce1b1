import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from calibration.cli import app
from calibration.session.legibility import FEWEST_TRIALS, Legibility, is_hopeless
from calibration.trials import read_trials
from tests.calibration.report.staged_trials import staged_trial


def trials(count: int, *, readable_every: int | None = None, reply: str = "Hmm."):
    readable = [readable_every is not None and at % readable_every == 0 for at in range(count)]
    return [
        replace(staged_trial(at), noticed=True if good else None, reply=reply)
        for at, good in enumerate(readable)
    ]


def chance_of_being_stopped(readable: float, trials: int) -> float:
    """The exact chance, trial by trial, that a run of independent replies is ever stopped."""
    running, stopped, hopeless = np.array([1.0]), 0.0, 0  # `hopeless`: so many counted or fewer end the run
    for done in range(1, trials + 1):
        running = np.convolve(running, [1 - readable, readable])  # by the number counted so far
        while is_hopeless(hopeless, done):
            hopeless += 1
        stopped += running[:hopeless].sum()
        running[:hopeless] = 0
    return float(stopped)


def test_an_observer_of_whom_half_can_be_counted_is_hardly_ever_stopped():
    assert chance_of_being_stopped(0.5, 1500) < 1e-3


def test_one_of_whom_a_tenth_can_be_counted_is_stopped_within_sixty_trials():
    assert chance_of_being_stopped(0.1, 60) > 0.99


def test_unreadable_replies_are_told_of_at_the_twentieth_with_three_examples_in_short():
    legibility = Legibility()
    first = legibility.take(trials(FEWEST_TRIALS - 1, reply="well\n" * 100))

    error = legibility.take(trials(1))

    assert first is None
    assert "0 of 20 replies could be read as yes or no" in str(error)
    assert str(error).count('"well well') == 3
    assert "\n" not in str(error)
    assert len(str(error)) < 700


@pytest.mark.parametrize("every", [1, 2])
def test_readable_replies_end_nothing(every: int):
    assert Legibility().take(trials(300, readable_every=every)) is None


PLUGIN = """
class Mumbling:
    name = "mumbling"
    def answer(self, prompt, images):
        return "A" if "option's letter" in prompt else "A street, with two people and\\na dog."
def factory():
    return Mumbling()
"""


def test_on_the_command_line_it_ends_with_1_keeps_the_trials_and_another_question_is_answered(
    photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "mumbling_plugin.py").write_text(PLUGIN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "mumbling_plugin", raising=False)
    common = ["run", "--observer", "python:mumbling_plugin:factory", "--images", str(photo_folder)]
    common += ["--distortions", "blur,noise"]

    ended = CliRunner().invoke(app, [*common, "--out", "direct", "--question", "difference:direct"])
    again = CliRunner().invoke(app, [*common, "--out", "direct", "--question", "difference:direct"])
    other = CliRunner().invoke(app, [*common, "--out", "letters", "--question", "difference:multiple-choice"])

    said = " ".join(ended.stderr.split())
    assert ended.exit_code == again.exit_code == 1
    assert "stopped early: 0 of 20 replies could be read as yes or no" in said
    assert said.count('"A street, with two people and a dog."') == 3
    assert "Traceback" not in said
    assert len(read_trials(tmp_path / "direct" / "trials.jsonl")) == 40
    assert len(read_trials(tmp_path / "letters" / "trials.jsonl")) == 50
    assert "stopped early" not in other.stderr
