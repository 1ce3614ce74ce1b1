from pathlib import Path

import pytest

from calibration.observers.options import ObserverOptions
from calibration.questions import DifferenceQuestion
from calibration.session.budget import parse_budget
from calibration.session.estimate import describe_cost
from calibration.session.plan import ProcedureName, SessionPlan
from calibration.session.references import References
from calibration.stimuli.registry import select_distortions
from calibration.tasks import TaskQuestion


def plan_of(procedure: ProcedureName = "adaptive", **fields) -> SessionPlan:
    return SessionPlan(
        references=References(Path(), ("a.png", "b.png"), ()),
        distortions=select_distortions("blur,jpeg"),
        question=fields.pop("question", DifferenceQuestion()),
        procedure=procedure,
        queries_per_threshold=None if procedure == "ascending" else 100,
        seed=0,
        wave=1,
    )


def test_a_billed_model_costs_tokens_dollars_and_time():
    budget = parse_budget("$3", "2/10")

    said = describe_cost(
        plan_of(), budget, spec="openai:m@http://host/v1", options=ObserverOptions(workers=10)
    )

    assert said == (
        "200 questions to openai:m@http://host/v1; about 0.1 M tokens in and 16,000 out; about $0.46; "
        "about 50 s; stopping at $3"
    )


def test_a_local_model_costs_questions_only():
    assert describe_cost(
        plan_of(), parse_budget("50", None), spec="embedded", options=ObserverOptions(workers=8)
    ) == ("200 questions to embedded; stopping after 50")


@pytest.mark.parametrize(
    ("plan", "questions"),
    [
        (plan_of("ascending"), 3 * (2 * 50 + 2 * 100)),
        (plan_of(question=TaskQuestion("t", {}, "What?", "")), 400),
    ],
)
def test_where_the_number_is_not_known_a_bound_is_said(plan: SessionPlan, questions: int):
    said = describe_cost(plan, parse_budget(None, None), spec="embedded", options=ObserverOptions(workers=8))

    assert said == f"at most {questions} questions to embedded"
