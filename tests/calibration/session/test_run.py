import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from calibration.observers.protocol import ObserverError, Query, Reply
from calibration.observers.simulated import SimulatedObserver, parse_simulated
from calibration.procedures.ascending import climbed
from calibration.questions import DifferenceQuestion, PaperQuestion
from calibration.session.asking import asker_for
from calibration.session.budget import Budget
from calibration.session.plan import ProcedureName, SessionPlan, count_trials, wave_for
from calibration.session.references import find_references, render_pair
from calibration.session.run import run_session
from calibration.stimuli.registry import select_distortions
from calibration.tasks import TaskQuestion
from calibration.trials import Trial, TrialLog, TrialLogError, read_trials


def plan_for(
    folder: Path,
    queries: int | None = 10,
    distortions: str = "blur,jpeg,noise",
    seed: int = 0,
    procedure: ProcedureName = "adaptive",
    **fields: Any,
) -> SessionPlan:
    chosen = select_distortions(distortions)
    return SessionPlan(
        references=find_references(folder, seed),
        distortions=chosen,
        question=fields.pop("question", DifferenceQuestion()),
        procedure=procedure,
        queries_per_threshold=queries,
        seed=seed,
        **{"wave": wave_for(procedure, len(chosen)), **fields},
    )


def run(observer, plan: SessionPlan, path: Path, budget: Budget | None = None) -> list[Trial]:
    with TrialLog(path) as log:
        run_session(asker_for(observer), plan, log, [].append, stimulus_side=64, budget=budget)
        return list(log.trials)


class Recording(SimulatedObserver):
    """Remembers what it was shown."""

    def ask(self, queries):
        self.seen.extend(queries)
        return super().ask(queries)


class Dying(SimulatedObserver):
    """Gives up after some batches."""

    def ask(self, queries):
        self.left.pop()
        if not self.left:
            raise ObserverError("the connection broke")
        return super().ask(queries)


def with_fields(observer, **fields):
    for name, value in fields.items():
        object.__setattr__(observer, name, value)
    return observer


def without_seconds(trials: list[Trial]) -> list[dict[str, object]]:
    return [{**vars(trial), "seconds": 0} for trial in trials]


def test_every_distortion_gets_its_queries_once(photo_folder: Path, tmp_path: Path):
    plan = plan_for(photo_folder)

    trials = run(parse_simulated(""), plan, tmp_path / "trials.jsonl")

    assert len(trials) == count_trials(plan) == 30
    assert len({trial.id for trial in trials}) == 30
    assert [t.index for t in trials if t.stimulus.distortion == "jpeg"] == list(range(10))


def test_a_fifth_of_the_pairs_is_identical_and_both_orders_and_polarities_occur(
    photo_folder: Path, tmp_path: Path
):
    trials = run(parse_simulated(""), plan_for(photo_folder, queries=20), tmp_path / "trials.jsonl")

    assert sum(trial.is_catch for trial in trials) == 12
    assert {trial.order for trial in trials} == {"reference_first", "distorted_first"}
    assert {trial.polarity for trial in trials} == {"different", "identical"}


def test_the_observer_sees_what_the_log_says(photo_folder: Path, tmp_path: Path):
    observer = with_fields(Recording(parse_simulated("").function), seen=[])
    plan = plan_for(photo_folder)

    trials = run(observer, plan, tmp_path / "trials.jsonl")

    for query, trial in zip(observer.seen, trials, strict=True):
        distortion = select_distortions(trial.stimulus.distortion)[0]
        reference, distorted = render_pair(trial.stimulus, distortion, plan.references, 64)
        expected = [reference, distorted] if trial.order == "reference_first" else [distorted, reference]
        assert [a.pixels.tobytes() for a in query.images] == [b.pixels.tobytes() for b in expected]
        assert (reference.width, reference.height) == (64, 64)
        if trial.is_catch:
            assert reference.pixels.tobytes() == distorted.pixels.tobytes()


def by_id(trials: list[Trial]) -> list[dict[str, object]]:
    return sorted(without_seconds(trials), key=lambda fields: str(fields["id"]))


@pytest.mark.parametrize("procedure", ["adaptive", "ascending", "constant"])
@pytest.mark.parametrize("batches", [1, 2, 3])
def test_a_run_cut_short_goes_on_as_if_it_had_not_been(
    photo_folder: Path, tmp_path: Path, procedure: ProcedureName, batches: int
):
    plan = plan_for(photo_folder, queries=12, procedure=procedure)
    whole = run(with_fields(parse_simulated(""), in_flight=7), plan, tmp_path / "whole.jsonl")
    dying = with_fields(Dying(parse_simulated("").function), left=[None] * (batches + 1), in_flight=7)
    with pytest.raises(ObserverError):
        run(dying, plan, tmp_path / "cut.jsonl")
    cut = read_trials(tmp_path / "cut.jsonl")

    resumed = run(parse_simulated(""), plan, tmp_path / "cut.jsonl")

    assert len(cut) == 7 * batches
    assert resumed[: len(cut)] == cut
    assert by_id(resumed) == by_id(whole)


def test_a_batch_half_on_disk_is_completed_without_asking_twice(photo_folder: Path, tmp_path: Path):
    whole = run(parse_simulated(""), plan_for(photo_folder), tmp_path / "trials.jsonl")
    lines = (tmp_path / "trials.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "trials.jsonl").write_text("".join(lines[:10]) + lines[10][:50])

    resumed = run(parse_simulated(""), plan_for(photo_folder), tmp_path / "trials.jsonl")

    assert sorted(t.id for t in resumed) == sorted(t.id for t in whole)
    assert {t.id: t.noticed for t in resumed} == {t.id: t.noticed for t in whole}


def test_asking_for_more_queries_extends_a_finished_run(photo_folder: Path, tmp_path: Path):
    short = run(parse_simulated(""), plan_for(photo_folder, queries=5), tmp_path / "trials.jsonl")

    longer = run(parse_simulated(""), plan_for(photo_folder, queries=10), tmp_path / "trials.jsonl")

    assert longer[: len(short)] == short
    assert len(longer) == 2 * len(short)


def test_another_seed_shows_other_stimuli(photo_folder: Path, tmp_path: Path):
    first, second = (
        run(parse_simulated(""), plan_for(photo_folder, seed=seed), tmp_path / f"{seed}.jsonl")
        for seed in (0, 1)
    )

    assert [t.stimulus.seed for t in first] != [t.stimulus.seed for t in second]


def test_an_unreadable_reply_is_logged_and_not_counted(photo_folder: Path, tmp_path: Path):
    class Mumbling(SimulatedObserver):
        def ask(self, queries: list[Query]) -> list[Reply]:
            return [Reply("??") for _ in queries]

    trials = run(Mumbling(parse_simulated("").function), plan_for(photo_folder, 5), tmp_path / "trials.jsonl")

    assert {(t.noticed, t.reply_class) for t in trials} == {(None, "gibberish")}


def test_a_probability_of_yes_is_logged_as_one_of_different(photo_folder: Path, tmp_path: Path):
    class Knowing(SimulatedObserver):
        def ask(self, queries: list[Query]) -> list[Reply]:
            return [Reply("Yes", 0.9, is_first_token=True) for _ in queries]

    trials = run(Knowing(parse_simulated("").function), plan_for(photo_folder, 10), tmp_path / "trials.jsonl")

    for trial in trials:
        assert trial.probability == pytest.approx(0.9 if trial.polarity == "different" else 0.1)
        assert trial.noticed is (trial.polarity == "different")


def test_an_ascending_sweep_is_the_papers_prompt_and_never_swaps(photo_folder: Path, tmp_path: Path):
    plan = plan_for(
        photo_folder, None, "noise,angle", procedure="ascending", question=PaperQuestion("direct")
    )

    trials = run(parse_simulated("threshold=10"), plan, tmp_path / "trials.jsonl")

    assert {(t.polarity, t.order) for t in trials} == {("different", "reference_first")}
    noise, angle = ({t.prompt for t in trials if t.stimulus.distortion == n} for n in ("noise", "angle"))
    assert noise == {
        "Is there any noticeable difference in noise between these two images? "
        "Please return <yes> or <no> with analysis."
    }
    assert angle == {
        "Is there a noticeable difference in the perspectives of these two images? "
        "Please return <yes> or <no> with analysis."
    }


def test_every_sweep_climbs_one_picture_with_one_sample(photo_folder: Path, tmp_path: Path):
    plan = plan_for(photo_folder, None, "noise", procedure="ascending", sweeps=3)

    trials = run(parse_simulated("threshold=10"), plan, tmp_path / "trials.jsonl")

    shown = {(t.series, t.stimulus.image, t.stimulus.seed) for t in trials}
    assert len(shown) == 3
    assert {image for _, image, _ in shown} == {"0.png", "1.png", "2.png"}


def test_after_a_jnd_the_sweep_compares_with_the_level_it_was_found_at(photo_folder: Path, tmp_path: Path):
    plan = plan_for(photo_folder, None, "blur", procedure="ascending", sweeps=1)
    certain = parse_simulated("threshold=10,slope=100,false_alarm=0,lapse=0")

    trials = run(certain, plan, tmp_path / "trials.jsonl")

    answers = [(t.stimulus.level, t.noticed) for t in trials]
    jnds = climbed(answers, 50, plan.window).jnds
    assert len(jnds) > 2
    assert {t.stimulus.reference_level for t in trials} == {0, *jnds}


def test_constant_stimuli_show_every_level_equally_often(photo_folder: Path, tmp_path: Path):
    plan = plan_for(photo_folder, 50, "blur", procedure="constant")

    trials = run(parse_simulated(""), plan, tmp_path / "trials.jsonl")

    shown = Counter(t.stimulus.level for t in trials)
    assert shown.pop(0) == 10
    assert set(shown.values()) == {5}


def test_a_budget_in_questions_is_kept_and_a_larger_one_goes_on(photo_folder: Path, tmp_path: Path):
    whole = run(parse_simulated(""), plan_for(photo_folder), tmp_path / "whole.jsonl")

    first = run(parse_simulated(""), plan_for(photo_folder), tmp_path / "cut.jsonl", Budget(queries=11))
    second = run(parse_simulated(""), plan_for(photo_folder), tmp_path / "cut.jsonl", Budget(queries=100))

    assert len(first) == 11
    assert by_id(second) == by_id(whole)


def test_a_reply_without_a_flag_is_asked_again_by_multiple_choice(photo_folder: Path, tmp_path: Path):
    class Rambling(SimulatedObserver):
        def ask(self, queries: list[Query]) -> list[Reply]:
            return [Reply("A" if "option's letter" in query.prompt else "Hmm, hard.") for query in queries]

    trials = run(Rambling(parse_simulated("").function), plan_for(photo_folder, 5), tmp_path / "trials.jsonl")

    assert {(t.noticed, t.reply_class, t.second_reply, t.questions) for t in trials} == {
        (True, "deficiency", "A", 2)
    }


def test_the_papers_own_prompts_leave_such_a_reply_uncounted(photo_folder: Path, tmp_path: Path):
    class Mumbling(SimulatedObserver):
        def ask(self, queries: list[Query]) -> list[Reply]:
            return [Reply("??") for _ in queries]

    plan = plan_for(photo_folder, 5, question=PaperQuestion("implicit"))

    trials = run(Mumbling(parse_simulated("").function), plan, tmp_path / "trials.jsonl")

    assert {(t.noticed, t.second_reply, t.questions) for t in trials} == {(None, None, 1)}


class Describing(SimulatedObserver):
    """Answers about one picture: how bright it is, in tens of grey levels."""

    def ask(self, queries: list[Query]) -> list[Reply]:
        self.seen.extend(queries)
        return [Reply(f"about {round(query.images[0].pixels.mean() / 10)}0") for query in queries]


def test_a_task_trial_compares_the_answer_with_the_one_to_its_reference(photo_folder: Path, tmp_path: Path):
    observer = with_fields(Describing(parse_simulated("").function), seen=[])
    task = TaskQuestion("task.txt", {}, "How bright is this?", "")
    plan = plan_for(photo_folder, 25, "brightness", question=task)

    trials = run(observer, plan, tmp_path / "trials.jsonl")

    assert {len(query.images) for query in observer.seen} == {1}
    assert all(t.noticed == (t.reply != t.reference_reply) for t in trials)
    assert not any(t.noticed for t in trials if t.is_catch)
    assert all(t.noticed for t in trials if t.stimulus.level == 50)


def test_the_answer_to_a_reference_is_asked_once_even_after_a_restart(photo_folder: Path, tmp_path: Path):
    task = TaskQuestion("task.txt", {}, "How bright is this?", "")
    observer = with_fields(Describing(parse_simulated("").function), seen=[], in_flight=1)
    plan = plan_for(photo_folder, 20, "brightness", question=task, wave=1)

    run(observer, plan, tmp_path / "trials.jsonl", Budget(queries=12))
    trials = run(observer, plan, tmp_path / "trials.jsonl")

    assert sum(t.questions for t in trials) == len(observer.seen) == 20 + 3


def test_a_log_of_another_session_is_refused(photo_folder: Path, tmp_path: Path):
    plan = plan_for(photo_folder, 10)
    run(parse_simulated(""), plan, tmp_path / "trials.jsonl")

    with pytest.raises(TrialLogError, match="another session or version"):
        run(parse_simulated(""), replace(plan, seed=1), tmp_path / "trials.jsonl")


class Flaky:
    """Many in flight; fails for good after some answers, while others are on their way."""

    name, stimulus_side, input_side, in_flight = "flaky", 64, None, 4

    def __init__(self, answers: int) -> None:
        self._left = answers
        self._pool = ThreadPoolExecutor(4)

    def ask(self, queries: list[Query]) -> list[Reply]:
        return [self._answer(query) for query in queries]

    def submit(self, query: Query) -> Future[Reply]:
        return self._pool.submit(self._answer, query)

    def _answer(self, query: Query) -> Reply:
        self._left -= 1
        if self._left == 0:
            raise ObserverError("the key was revoked")
        time.sleep(0.01)
        return parse_simulated("").ask([query])[0]

    def close(self) -> None:
        self._pool.shutdown()


def test_when_an_observer_gives_up_answers_on_their_way_are_kept(photo_folder: Path, tmp_path: Path):
    observer = Flaky(answers=10)

    with pytest.raises(ObserverError, match="revoked"):
        run(observer, plan_for(photo_folder), tmp_path / "trials.jsonl")
    observer.close()

    kept = read_trials(tmp_path / "trials.jsonl")
    assert 9 <= len(kept) <= 12
    whole = run(parse_simulated(""), plan_for(photo_folder), tmp_path / "trials.jsonl")
    assert whole[: len(kept)] == kept
    assert len(whole) == 30


def test_answers_out_of_order_change_nothing_but_the_order_of_the_log(photo_folder: Path, tmp_path: Path):
    class Uneven(Flaky):
        def _answer(self, query: Query) -> Reply:
            time.sleep(0.002 * (hash(query.key) % 7))
            return parse_simulated("").ask([query])[0]

    uneven = Uneven(answers=0)

    there = run(uneven, plan_for(photo_folder), tmp_path / "there.jsonl")
    uneven.close()

    here = run(parse_simulated(""), plan_for(photo_folder), tmp_path / "here.jsonl")
    assert by_id(there) == by_id(here)


@pytest.mark.parametrize("budget", [7, 16, 33])
def test_no_kind_of_trial_overruns_a_budget_in_questions(photo_folder: Path, tmp_path: Path, budget: int):
    class Rambling(SimulatedObserver):
        def ask(self, queries: list[Query]) -> list[Reply]:
            return [Reply("Hmm, hard.") for _ in queries]

    rambling = with_fields(Rambling(parse_simulated("").function), in_flight=8)
    describing = with_fields(Describing(parse_simulated("").function), seen=[], in_flight=8)
    task = plan_for(photo_folder, 40, question=TaskQuestion("task.txt", {}, "How bright is this?", ""))

    pairs = run(rambling, plan_for(photo_folder, 40), tmp_path / "pairs.jsonl", Budget(queries=budget))
    answers = run(describing, task, tmp_path / "task.jsonl", Budget(queries=budget))

    assert sum(t.questions for t in pairs) in (budget - 1, budget)
    assert sum(t.questions for t in answers) in (budget - 1, budget)
    assert len(describing.seen) <= budget


def test_half_a_character_in_a_reply_costs_no_answer(photo_folder: Path, tmp_path: Path):
    class Broken(SimulatedObserver):
        def ask(self, queries: list[Query]) -> list[Reply]:
            return [Reply("Yes \udce9") for _ in queries]

    run(Broken(parse_simulated("").function), plan_for(photo_folder, 5), tmp_path / "trials.jsonl")

    assert {t.reply for t in read_trials(tmp_path / "trials.jsonl")} == {"Yes ?"}


class Answering(SimulatedObserver):
    """Gives one reply about every reference and one about every damaged picture."""

    def ask(self, queries: list[Query]) -> list[Reply]:
        self.seen.extend(queries)
        return [self.reference if query.key.endswith("-reference") else self.damaged for query in queries]


def answering(*, reference: Reply, damaged: Reply) -> SimulatedObserver:
    observer = with_fields(Answering(parse_simulated("").function), seen=[], in_flight=1)
    return with_fields(observer, reference=reference, damaged=damaged)


NO_ANSWERS = [
    Reply(""),
    Reply("[empty: length]"),
    Reply("[empty: SAFETY]"),
    Reply("A red door, with a", ended="length"),
    Reply("Something", ended="refusal"),
    Reply("I'm sorry, I can't help with that."),
    Reply("<think>The door is red"),
]


@pytest.mark.parametrize("lost", NO_ANSWERS)
@pytest.mark.parametrize("of_reference", [True, False])
def test_what_is_no_answer_is_never_a_changed_one(
    photo_folder: Path, tmp_path: Path, lost: Reply, *, of_reference: bool
):
    given = Reply("red", ended="stop")
    replies = {"reference": lost, "damaged": given} if of_reference else {"reference": given, "damaged": lost}
    task = TaskQuestion("task.txt", {}, "Which colour?", "")

    trials = run(
        answering(**replies), plan_for(photo_folder, 6, "blur", question=task), tmp_path / "trials.jsonl"
    )

    assert {(t.noticed, t.reply_class) for t in trials} == {(None, "deficiency")}


def test_reasoning_is_no_part_of_an_answer(photo_folder: Path, tmp_path: Path):
    observer = answering(
        reference=Reply("<think>hm</think>Red."), damaged=Reply("<think>let me see</think> red")
    )
    task = TaskQuestion("task.txt", {}, "Which colour?", "")

    trials = run(observer, plan_for(photo_folder, 6, "blur", question=task), tmp_path / "trials.jsonl")

    assert {t.noticed for t in trials} == {False}


def test_a_reference_without_an_answer_is_asked_twice_in_a_run_and_again_in_the_next(
    photo_folder: Path, tmp_path: Path
):
    task = TaskQuestion("task.txt", {}, "Which colour?", "")
    plan = plan_for(photo_folder, 12, "blur", question=task, wave=1)
    refused = answering(reference=Reply("[empty: length]"), damaged=Reply("red"))
    run(refused, plan, tmp_path / "trials.jsonl")
    answered = answering(reference=Reply("red"), damaged=Reply("red"))

    trials = run(answered, replace(plan, queries_per_threshold=18), tmp_path / "trials.jsonl")

    asked = [query.key for query in refused.seen if query.key.endswith("-reference")]
    assert len(asked) == 2 * len(plan.references.names)
    assert {t.noticed for t in trials[:12]} == {None}
    assert {t.noticed for t in trials[12:]} == {False}


@pytest.mark.parametrize(
    ("reply", "noticed"),
    [
        (Reply("<yes> The second image is", ended="length"), True),
        (Reply("Let me see. The second image is blurrier than the first.", ended="length"), None),
        (Reply("The second image is blurrier than the first.", ended="stop"), True),
        (Reply("<yes>", ended="refusal"), None),
    ],
)
def test_a_reply_cut_short_counts_by_what_it_declared(
    photo_folder: Path, tmp_path: Path, reply: Reply, *, noticed: bool | None
):
    observer = answering(reference=reply, damaged=reply)

    trials = run(
        observer,
        plan_for(photo_folder, 5, "blur", question=PaperQuestion("direct")),
        tmp_path / "trials.jsonl",
    )

    assert {t.noticed for t in trials} == {noticed}


def test_a_run_whose_replies_cannot_be_counted_ends_early_and_goes_on_once_they_can(
    photo_folder: Path, tmp_path: Path
):
    rambling = answering(reference=Reply("Hm."), damaged=Reply("Hm."))
    plan = plan_for(photo_folder, 25, question=PaperQuestion("direct"))

    with pytest.raises(ObserverError, match=r'0 of 20 replies could be read as yes or no.*"Hm\."'):
        run(rambling, plan, tmp_path / "trials.jsonl")

    assert len(read_trials(tmp_path / "trials.jsonl")) == 20
    whole = run(parse_simulated(""), plan, tmp_path / "trials.jsonl")
    assert len(whole) == 75
    assert sum(trial.noticed is None for trial in whole) == 20
