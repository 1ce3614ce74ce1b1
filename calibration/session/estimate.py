"""What a session will cost, said before it begins."""

from calibration.session.budget import TOKENS_IN_PER_PAIR, TOKENS_OUT_PER_REPLY, Budget
from calibration.session.plan import SessionPlan, count_trials
from calibration.tasks import TaskQuestion

SECONDS_PER_REMOTE_ANSWER = 2.5  # a large model's usual time for two pictures and two sentences
_BILLED = frozenset({"openai", "anthropic", "gemini"})  # kinds of observer


def describe_cost(plan: SessionPlan, budget: Budget, *, spec: str, workers: int) -> str:
    """Return one sentence: how many questions to the observer `spec`, tokens, dollars and minutes, at most.

    A local model's time is not guessed: the progress bar tells it after the first answers.
    """
    questions = count_trials(plan) * (2 if isinstance(plan.question, TaskQuestion) else 1)
    bound = "at most " if plan.procedure == "ascending" or isinstance(plan.question, TaskQuestion) else ""
    parts = [f"{bound}{questions:,} questions to {spec}"]
    if spec.partition(":")[0] in _BILLED:
        tokens_in, tokens_out = questions * TOKENS_IN_PER_PAIR, questions * TOKENS_OUT_PER_REPLY
        parts.append(f"about {_millions(tokens_in)} tokens in and {_millions(tokens_out)} out")
        if budget.price is not None:
            parts.append(f"about ${budget.price.of(tokens_in, tokens_out):.2f}")
        parts.append(f"about {_duration(questions * SECONDS_PER_REMOTE_ANSWER / workers)}")
    if budget.queries is not None:
        parts.append(f"stopping after {budget.queries:,}")
    if budget.dollars is not None:
        parts.append(f"stopping at ${budget.dollars:g}")
    return "; ".join(parts)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _millions(tokens: int) -> str:
    return f"{tokens / 1e6:.1f} M" if tokens >= 1e5 else f"{tokens:,}"
