from pathlib import Path

import pytest

from calibration.critic.answers import CriticLog, read_answers
from calibration.critic.asking import Asked, Interview, ShownPictures
from calibration.critic.plan import CriticPlan
from calibration.image import encode_png
from calibration.observers.protocol import ObserverError, Query, Reply
from calibration.session.asking import asker_for
from calibration.session.budget import Budget
from tests.calibration.critic.judges import Judge, grey, grey_folder, telling, words_by_lightness


def by_lightness(query: Query) -> Reply:
    return telling(words_by_lightness(query))


def interview(folder: Path, judge: Judge, budget: Budget | None = None, *, methods=("quality",)) -> Asked:
    pictures = tuple(grey_folder(folder / "pictures", 40))
    plan = CriticPlan(pictures, methods)
    heard: list[int] = []
    with CriticLog(folder / "log.jsonl") as log:
        shown = ShownPictures(folder / "pictures", 1024)
        talk = Interview(asker_for(judge), shown, log, budget or Budget(), heard.append)
        for answer in log.entries:
            talk.budget.spend(answer)
        return talk.ask(plan.questions("log-probabilities"))


def test_everything_is_asked_once_and_logged(tmp_path: Path):
    judge = Judge(by_lightness)

    first, again = interview(tmp_path, judge), interview(tmp_path, judge)

    assert first.is_whole and again.is_whole
    assert len(judge.asked) == len(read_answers(tmp_path / "log.jsonl")) == 40


def test_a_budget_stops_the_run_and_a_larger_one_goes_on(tmp_path: Path):
    judge = Judge(by_lightness)

    first = interview(tmp_path, judge, Budget(queries=7))
    assert not first.is_whole
    assert len(judge.asked) == 7

    assert interview(tmp_path, judge, Budget(queries=40)).is_whole
    assert len(judge.asked) == 40


def test_an_observer_that_fails_ends_the_run_and_keeps_what_was_answered(tmp_path: Path):
    def failing(query: Query) -> Reply:
        if len(judge.asked) > 8:
            raise ObserverError("gone")
        return by_lightness(query)

    judge = Judge(failing)

    with pytest.raises(ObserverError, match="gone"):
        interview(tmp_path, judge)

    assert len(read_answers(tmp_path / "log.jsonl")) == 8


def test_a_question_nobody_answers_is_given_up_and_the_others_are_asked(tmp_path: Path):
    def refusing(query: Query) -> Reply:
        if "photographed" in query.manner.words:
            return Reply("I'm sorry, but I can't help with that.")
        return by_lightness(query)

    judge = Judge(refusing)

    found = interview(tmp_path, judge, methods=("origin", "quality"))

    assert found == Asked(is_whole=True, given_up=frozenset({"origin"}))
    assert interview(tmp_path, judge, methods=("origin", "quality")) == found
    answers = read_answers(tmp_path / "log.jsonl")
    assert len(answers) == len(judge.asked)  # nothing was asked again
    assert sum(answer.scale == "quality" for answer in answers) == 40
    assert 20 <= sum(answer.scale == "origin" for answer in answers) <= 32


def test_large_pictures_are_shown_whole_and_smaller(tmp_path: Path):
    (tmp_path / "large.png").write_bytes(encode_png(grey(80, side=300)))

    shown = ShownPictures(tmp_path, 100).load("large.png")

    assert (shown.width, shown.height) == (100, 100)
