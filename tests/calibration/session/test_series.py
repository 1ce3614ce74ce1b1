from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from calibration.questions import DifferenceQuestion, PaperQuestion
from calibration.session.conversation import Draft
from calibration.session.plan import ProcedureName, SessionPlan
from calibration.session.references import References
from calibration.session.series import Series
from calibration.stimuli.registry import DISTORTIONS
from calibration.tasks import TaskQuestion
from calibration.trials import Trial, TrialLogError

BLUR = DISTORTIONS["blur"]


def series_of(procedure: ProcedureName = "adaptive", **fields: Any) -> Series:
    plan = SessionPlan(
        references=References(Path(), ("a.png", "b.png", "c.png"), ()),
        distortions=[BLUR],
        question=fields.pop("question", DifferenceQuestion()),
        procedure=procedure,
        queries_per_threshold=fields.pop("queries", 24),
        seed=fields.pop("seed", 0),
        wave=fields.pop("wave", 1),
    )
    return Series(plan, BLUR, number=0)


def answered(draft: Draft) -> Trial:
    return Trial(
        id=draft.id,
        series=draft.series,
        index=draft.index,
        stimulus=draft.stimulus,
        polarity=draft.polarity,
        order=draft.order,
        prompt=draft.prompt,
        noticed=draft.stimulus.level > 10,
        probability=None,
        reply_class="correct",
        reply="",
        is_first_token=False,
        seconds=0.0,
    )


def run(series: Series, drafts: list[Draft], pick: Callable[[list[Draft]], Draft]) -> list[Draft]:
    """Answer drafts, whichever is picked next; return all in the order of their index."""
    asked: list[Draft] = []
    waiting = list(drafts)
    while waiting:
        draft = pick(waiting)
        waiting.remove(draft)
        asked.append(draft)
        waiting += series.hear(answered(draft))
    return sorted(asked, key=lambda draft: draft.index)


def first(waiting: list[Draft]) -> Draft:
    return waiting[0]


def last(waiting: list[Draft]) -> Draft:
    return waiting[-1]


def test_a_wave_is_placed_at_once_and_the_next_when_its_last_answer_is_there():
    series = series_of(wave=4)

    wave = series.resume([])
    early = [series.hear(answered(draft)) for draft in wave[:3]]

    assert [draft.index for draft in wave] == [0, 1, 2, 3]
    assert early == [[], [], []]
    assert [draft.index for draft in series.hear(answered(wave[3]))] == [4, 5, 6, 7]


@pytest.mark.parametrize("procedure", ["adaptive", "constant"])
def test_the_order_in_which_answers_arrive_changes_nothing(procedure: ProcedureName):
    in_order, backwards = series_of(procedure, wave=4), series_of(procedure, wave=4)

    found = [run(one, one.resume([]), pick) for one, pick in ((in_order, first), (backwards, last))]

    assert found[0] == found[1]
    assert [draft.index for draft in found[0]] == list(range(24))
    assert len({draft.id for draft in found[0]}) == 24


@pytest.mark.parametrize("cut", [1, 6, 23])
def test_a_series_taken_up_again_asks_the_rest_and_nothing_twice(cut: int):
    series = series_of(wave=4)
    whole = run(series, series.resume([]), first)
    again = series_of(wave=4)

    rest = run(again, again.resume([answered(draft) for draft in whole[:cut]]), first)

    assert rest == whole[cut:]


def test_a_finished_log_leaves_nothing_to_ask():
    series, again = series_of(), series_of()
    whole = run(series, series.resume([]), first)

    assert again.resume([answered(draft) for draft in whole]) == []


def test_a_log_of_other_options_is_refused():
    logged = [answered(draft) for draft in series_of(seed=1).resume([])]

    with pytest.raises(TrialLogError, match="another session or version; choose another --out"):
        series_of(seed=0).resume(logged)
    damaged = replace(logged[0], stimulus=replace(logged[0].stimulus, level=1.25))
    with pytest.raises(TrialLogError, match="is not what these options would have asked"):
        series_of(seed=1).resume([damaged])


def test_orders_and_polarities_alternate_by_chance():
    series = series_of("constant", queries=60, wave=60)

    drafts = series.resume([])

    for values in ([draft.order for draft in drafts], [draft.polarity for draft in drafts]):
        assert len(set(values)) == 2
        assert all(15 < values.count(value) < 45 for value in set(values))
    assert {draft.prompt for draft in drafts if draft.polarity == "identical"} == {
        "Are these two images identical?"
    }


def test_a_sweep_never_swaps_and_keeps_one_sample():
    drafts = run(series := series_of("ascending", queries=None), series.resume([]), first)

    assert {(draft.order, draft.stimulus.image) for draft in drafts} == {
        ("reference_first", drafts[0].stimulus.image)
    }
    assert len({draft.stimulus.seed for draft in drafts}) == 1
    assert len({draft.stimulus.level for draft in drafts}) > 3


def test_the_papers_questions_are_never_turned_round():
    drafts = series_of("constant", wave=24, question=PaperQuestion("direct")).resume([])

    assert {draft.polarity for draft in drafts} == {"different"}


def test_a_task_is_asked_about_the_picture_it_belongs_to():
    prompts = {"a.png": ["What?"], "b.png": ["Where?"], "c.png": ["Who?"]}
    question = TaskQuestion("t", prompts, None, "")

    drafts = series_of("constant", wave=24, question=question).resume([])

    assert all(draft.polarity == "different" and draft.order == "reference_first" for draft in drafts)
    assert {draft.stimulus.image: [draft.prompt] for draft in drafts} == prompts
