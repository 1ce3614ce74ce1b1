"""What a session will cost, said before it begins."""

from calibration.observers.protocol import LocalModel, Observer
from calibration.session.budget import TOKENS_IN_PER_PAIR, TOKENS_OUT_PER_REPLY, Budget
from calibration.session.plan import SessionPlan, count_trials
from calibration.tasks import TaskQuestion

SECONDS_PER_REMOTE_ANSWER = 2.5  # a large model's usual time for two pictures and two sentences
SECONDS_PER_LOCAL_ANSWER = 0.01  # of the embedded model; a large one takes a hundred times longer


def describe_cost(plan: SessionPlan, budget: Budget, observer: Observer) -> str:
    """Return one sentence: how many questions, tokens, dollars and minutes, at most."""
    questions = count_trials(plan) * (2 if isinstance(plan.question, TaskQuestion) else 1)
    bound = " at most" if plan.procedure == "ascending" else ""
    parts = [f"{questions:,} questions to {observer.name}{bound}"]
    if not isinstance(observer, LocalModel):
        tokens_in, tokens_out = questions * TOKENS_IN_PER_PAIR, questions * TOKENS_OUT_PER_REPLY
        parts.append(f"about {_millions(tokens_in)} tokens in and {_millions(tokens_out)} out")
        if budget.price is not None:
            parts.append(f"about ${budget.price.of(tokens_in, tokens_out):.2f}")
    parts.append(f"about {_duration(questions, observer)}")
    if budget.queries is not None:
        parts.append(f"stopping after {budget.queries:,}")
    if budget.dollars is not None:
        parts.append(f"stopping at ${budget.dollars:g}")
    return "; ".join(parts)


def _duration(questions: int, observer: Observer) -> str:
    seconds = questions * SECONDS_PER_LOCAL_ANSWER
    if not isinstance(observer, LocalModel):
        seconds = questions * SECONDS_PER_REMOTE_ANSWER / max(int(getattr(observer, "in_flight", 1)), 1)
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _millions(tokens: int) -> str:
    return f"{tokens / 1e6:.1f} M" if tokens >= 1e5 else f"{tokens:,}"
