from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from calibration.observers.protocol import ObserverError, Query, Reply
from calibration.prompts.task import PromptQuestion
from calibration.session.asking import asker_for
from calibration.session.budget import Budget
from calibration.session.legibility import UnreadableRepliesError
from calibration.session.plan import SessionPlan, count_trials
from calibration.session.references import find_references
from calibration.session.run import run_session
from calibration.stimuli.prompt_kinds import PROMPT_KINDS, perturbation_of
from calibration.stimuli.prompt_text import LEVELS
from calibration.trials import Trial, TrialLog, read_trials

PROMPT = "<image> What does the sign say? Answer with a single word. Do not explain."


class Reader:
    """Answers with the length of the prompt it reads; remembers what it was asked."""

    name, stimulus_side, input_side, in_flight = "reader", 64, None, 4

    def __init__(self, dies_after: int | None = None) -> None:
        self.seen: list[Query] = []
        self._dies_after = dies_after

    def ask(self, queries: list[Query]) -> list[Reply]:
        self.seen.extend(queries)
        if self._dies_after is not None and len(self.seen) > self._dies_after:
            raise ObserverError("the connection broke")
        return [Reply(self.answer(query.prompt)) for query in queries]

    def answer(self, prompt: str) -> str:
        return f"The {len(prompt)}."

    def close(self) -> None: ...


class Silent(Reader):
    """Says nothing to any prompt but the unperturbed one."""

    def answer(self, prompt: str) -> str:
        return "red" if prompt == PROMPT else " "


def plan_for(folder: Path, queries: int = 16, prompt: str = PROMPT) -> SessionPlan:
    return SessionPlan(
        references=find_references(folder, 0),
        distortions=list(PROMPT_KINDS.values()),
        question=PromptQuestion("p.txt", {}, prompt, ""),
        procedure="constant",
        queries_per_threshold=queries,
        seed=0,
        wave=16,
    )


def run(observer: Reader, plan: SessionPlan, path: Path, budget: Budget | None = None) -> list[Trial]:
    with TrialLog(path) as log:
        run_session(asker_for(observer), plan, log, [].append, stimulus_side=64, budget=budget)
        return list(log.trials)


def test_the_papers_levels_and_the_prompt_as_it_is_are_asked_equally_often(
    photo_folder: Path, tmp_path: Path
):
    plan = plan_for(photo_folder)

    trials = run(Reader(), plan, tmp_path / "trials.jsonl")

    assert len(trials) == count_trials(plan) == 48
    assert Counter(t.stimulus.level for t in trials) == dict.fromkeys([0.0, *map(float, LEVELS)], 6)
    assert {t.stimulus.distortion for t in trials} == set(PROMPT_KINDS)


def test_the_picture_is_the_same_whatever_became_of_the_prompt(photo_folder: Path, tmp_path: Path):
    observer = Reader()

    run(observer, plan_for(photo_folder), tmp_path / "trials.jsonl")

    assert {len(query.images) for query in observer.seen} == {1}
    assert len({query.images[0].pixels.tobytes() for query in observer.seen}) == 3


def test_a_trial_holds_both_prompts_and_both_answers(photo_folder: Path, tmp_path: Path):
    trials = run(Reader(), plan_for(photo_folder), tmp_path / "trials.jsonl")

    for trial in trials:
        at = trial.stimulus
        assert trial.reference_prompt == PROMPT
        assert trial.prompt == perturbation_of(PROMPT, at.distortion, at.level, at.seed).text
        assert (trial.reply, trial.reference_reply) == (f"The {len(trial.prompt)}.", f"The {len(PROMPT)}.")
        assert trial.noticed is (len(trial.prompt) != len(PROMPT))
        assert trial.prompt.count("<image>") == 1


def test_the_prompt_as_it_is_is_asked_twice_by_its_repeats(photo_folder: Path, tmp_path: Path):
    observer = Reader()

    trials = run(observer, plan_for(photo_folder), tmp_path / "trials.jsonl")

    repeats = [trial for trial in trials if trial.is_catch]
    assert {(trial.prompt, trial.noticed) for trial in repeats} == {(PROMPT, False)}
    asked_as_it_is = [query.key for query in observer.seen if query.prompt == PROMPT]
    assert len([key for key in asked_as_it_is if not key.endswith("-reference")]) >= len(repeats)


def test_an_answer_to_the_prompt_as_it_is_serves_every_trial_about_its_picture(
    photo_folder: Path, tmp_path: Path
):
    observer = Reader()

    trials = run(observer, plan_for(photo_folder, 80), tmp_path / "trials.jsonl")

    references = [query for query in observer.seen if query.key.endswith("-reference")]
    assert 3 <= len(references) <= 3 * observer.in_flight
    assert sum(trial.questions for trial in trials) == len(observer.seen) == 240 + len(references)


def test_an_empty_reply_is_no_answer(photo_folder: Path, tmp_path: Path):
    with pytest.raises(UnreadableRepliesError, match="3 of 27"):
        run(Silent(), plan_for(photo_folder), tmp_path / "trials.jsonl")

    with TrialLog(tmp_path / "trials.jsonl") as log:
        trials = list(log.trials)
    perturbed = [trial for trial in trials if trial.prompt != PROMPT]
    assert {(trial.noticed, trial.reply_class) for trial in perturbed} == {(None, "deficiency")}
    assert {trial.noticed for trial in trials if trial.is_catch} == {False}


@pytest.mark.parametrize("dies_after", [5, 20, 41])
def test_a_run_cut_short_goes_on_as_if_it_had_not_been(photo_folder: Path, tmp_path: Path, dies_after: int):
    plan = plan_for(photo_folder)
    whole = run(Reader(), plan, tmp_path / "whole.jsonl")
    with pytest.raises(ObserverError):
        run(Reader(dies_after), plan, tmp_path / "cut.jsonl")
    cut = read_trials(tmp_path / "cut.jsonl")
    observer = Reader()

    resumed = run(observer, plan, tmp_path / "cut.jsonl")

    assert resumed[: len(cut)] == cut
    assert facts(resumed) == facts(whole)
    known = {trial.stimulus.image for trial in cut}
    again = [query.key for query in observer.seen if query.key.endswith("-reference")]
    drafts = {trial.id: trial.stimulus.image for trial in resumed}
    assert not known & {drafts[key.removesuffix("-reference")] for key in again}


def facts(trials: list[Trial]) -> list[Trial]:
    """What does not hang on the moment an answer came."""
    return sorted((replace(trial, seconds=0, questions=0) for trial in trials), key=lambda trial: trial.id)


def test_a_budget_cut_short_is_spent_on_all_kinds_alike(photo_folder: Path, tmp_path: Path):
    trials = run(Reader(), plan_for(photo_folder, 160), tmp_path / "trials.jsonl", Budget(queries=120))

    counts = Counter(trial.stimulus.distortion for trial in trials)
    assert sum(trial.questions for trial in trials) <= 120
    assert min(counts.values()) >= 32
