from pathlib import Path

import pytest

from calibration.observers.options import ObserverOptions
from calibration.questions import DifferenceQuestion
from calibration.session.budget import Budget, Price, parse_budget
from calibration.session.estimate import describe_correction, describe_cost, expected_tokens_out
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


def test_thoughts_are_announced_where_the_model_has_them():
    budget = parse_budget(None, "0.3/2.5")
    usual, off = ObserverOptions(workers=10), ObserverOptions(workers=10, thinking="off")

    thinking = describe_cost(plan_of(), budget, spec="gemini:gemini-2.5-flash", options=usual)
    silent = describe_cost(plan_of(), budget, spec="gemini:gemini-2.5-flash", options=off)

    assert "0.4 M out, thoughts included; about $1.08" in thinking
    assert "16,000 out; about $0.09" in silent


@pytest.mark.parametrize(
    ("spec", "thinks"),
    [
        ("openai:gpt-5@https://api.openai.com/v1", True),
        ("openai-responses:gpt-5-pro@https://api.openai.com/v1", True),
        ("anthropic:claude-opus-5", True),
        ("openai:gpt-4o@https://api.openai.com/v1", False),
        ("transformers:Qwen/Qwen3-VL-8B-Thinking", False),  # nobody bills it
    ],
)
def test_the_model_decides_what_a_reply_is_expected_to_take(spec: str, *, thinks: bool):
    assert (expected_tokens_out(spec, ObserverOptions()) > 1000) == thinks


def spent(tokens_out: int, questions: int) -> Budget:
    return Budget(
        price=Price(0, 10),
        spent_queries=questions,
        spent_tokens_in=questions,
        spent_tokens_out=tokens_out * questions,
    )


def test_where_replies_cost_otherwise_it_is_said_with_what_it_comes_to():
    assert describe_correction(plan_of(), spent(2000, 10)) == (
        "replies take 2,000 tokens each so far, 80 were announced: about 0.4 M tokens out in all, about $4.00"
    )


@pytest.mark.parametrize(("tokens_out", "questions"), [(2000, 7), (100, 50)])
def test_nothing_is_said_too_early_or_where_the_announcement_holds(tokens_out: int, questions: int):
    assert describe_correction(plan_of(), spent(tokens_out, questions)) is None
