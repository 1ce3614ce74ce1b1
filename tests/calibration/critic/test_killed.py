"""A critic is killed with SIGKILL at random moments and must neither lose an answer nor ask one twice."""

import subprocess
import sys
from pathlib import Path

from calibration.critic.answers import CriticAnswer, read_answers
from tests.calibration.critic.judges import grey_folder, write_scores
from tests.calibration.session.test_killed import kill_when_answered

PLUGIN = """
import time

class Slow:
    name = "slow"

    def answer(self, prompt, images):
        time.sleep(0.004)
        light = [sum(image.getpixel((0, 0))) for image in images]
        if len(images) == 2:
            return "better" if light[1] > light[0] else "worse"
        return "good" if light[0] > 382 else "poor"

def factory():
    return Slow()
"""


def command(folder: Path, out: Path) -> list[str]:
    (folder / "slow_judge.py").write_text(PLUGIN)
    options = ["--observer", "python:slow_judge:factory", "--images", str(folder / "pictures")]
    more = ["--scores", str(folder / "scores.csv"), "--methods", "quality,pairs", "--samples", "1"]
    return [sys.executable, "-m", "calibration.cli", "critic", *options, *more, "--out", str(out)]


def facts(answers: list[CriticAnswer]) -> dict[str, tuple[tuple[str, ...], str | None]]:
    return {each.id: (each.pictures, each.word) for each in answers}


def test_a_critic_killed_at_random_moments_loses_no_answer_and_asks_none_twice(tmp_path: Path):
    greys = grey_folder(tmp_path / "pictures", 16)
    write_scores(tmp_path / "scores.csv", {name: float(grey) for name, grey in greys.items()})
    cut, log = command(tmp_path, tmp_path / "cut"), tmp_path / "cut" / "critic_answers.jsonl"
    kept: list[CriticAnswer] = []

    for moment in (5, 90):
        assert kill_when_answered(cut, tmp_path, log, moment)
        survived = read_answers(log)
        assert survived[: len(kept)] == kept
        kept = survived
    subprocess.run(cut, cwd=tmp_path, check=True, capture_output=True)
    subprocess.run(command(tmp_path, tmp_path / "whole"), cwd=tmp_path, check=True, capture_output=True)

    finished = read_answers(log)
    expected = read_answers(tmp_path / "whole" / "critic_answers.jsonl")
    assert len(finished) == len({each.id for each in finished}) == 1 + 16 + 130  # the first asks how it tells
    assert facts(finished) == facts(expected)
    tables = [(tmp_path / name / "critic.csv").read_text() for name in ("cut", "whole")]
    assert tables[0] == tables[1]
