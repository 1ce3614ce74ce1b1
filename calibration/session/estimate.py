"""What a session will cost: said before it begins, and once more where the first replies tell otherwise."""

from calibration.observers.addresses import split_spec
from calibration.observers.families import expected_thought
from calibration.observers.options import ObserverOptions
from calibration.observers.select import REMOTE
from calibration.session.budget import TOKENS_IN_PER_PAIR, TOKENS_OUT_PER_REPLY, Budget
from calibration.session.plan import SessionPlan, count_trials
from calibration.tasks import TaskQuestion

SECONDS_PER_REMOTE_ANSWER = 2.5  # a large model's usual time for two pictures and two sentences
THOUGHT_TOKENS_PER_SECOND = 80.0
_TOLD_AFTER = 8  # billed questions
_WORTH_TELLING = 1.5  # times as many tokens as announced, or as few


def expected_tokens_out(spec: str, options: ObserverOptions) -> int:
    """Return how many tokens a reply of the observer `spec` is expected to take, thoughts included."""
    return TOKENS_OUT_PER_REPLY + _thought(spec, options)


def count_questions(plan: SessionPlan) -> int:
    """Return how many questions a session asks at most."""
    return count_trials(plan) * (2 if isinstance(plan.question, TaskQuestion) else 1)


def describe_correction(plan: SessionPlan, budget: Budget) -> str | None:
    """Return what the session is likely to cost in all, where replies so far are not as announced.

    None before a few questions were billed, and where the announcement holds.
    """
    if budget.spent_queries < _TOLD_AFTER:
        return None
    each_in, each_out = (
        tokens / budget.spent_queries for tokens in (budget.spent_tokens_in, budget.spent_tokens_out)
    )
    if 1 / _WORTH_TELLING < each_out / budget.expected_out < _WORTH_TELLING:
        return None
    questions = count_questions(plan)
    said = (
        f"replies take {each_out:,.0f} tokens each so far, {budget.expected_out:,} were announced: "
        f"about {_millions(round(questions * each_out))} tokens out in all"
    )
    if budget.price is None:
        return said
    return f"{said}, about ${budget.price.of(questions * each_in, questions * each_out):.2f}"


def describe_cost(plan: SessionPlan, budget: Budget, *, spec: str, options: ObserverOptions) -> str:
    """Return one sentence: how many questions to the observer `spec`, and what they take at most."""
    is_bound = plan.procedure == "ascending" or isinstance(plan.question, TaskQuestion)
    said = f"{'at most ' if is_bound else ''}{count_questions(plan):,} questions to {spec}"
    return "; ".join([said, *cost_parts(count_questions(plan), budget, spec=spec, options=options)])


def cost_parts(questions: int, budget: Budget, *, spec: str, options: ObserverOptions) -> list[str]:
    """Return what so many questions to the observer `spec` take in tokens, dollars and minutes.

    A local model's time is not guessed: the progress bar tells it after the first answers.
    """
    parts = []
    if spec.partition(":")[0] in REMOTE:
        thought = _thought(spec, options)
        tokens_in, tokens_out = questions * TOKENS_IN_PER_PAIR, questions * (TOKENS_OUT_PER_REPLY + thought)
        aside = ", thoughts included" if thought else ""
        parts.append(f"about {_millions(tokens_in)} tokens in and {_millions(tokens_out)} out{aside}")
        if budget.price is not None:
            parts.append(f"about ${budget.price.of(tokens_in, tokens_out):.2f}")
        seconds = SECONDS_PER_REMOTE_ANSWER + thought / THOUGHT_TOKENS_PER_SECOND
        parts.append(f"about {_duration(questions * seconds / options.workers)}")
    if budget.queries is not None:
        parts.append(f"stopping after {budget.queries:,}")
    if budget.dollars is not None:
        parts.append(f"stopping at ${budget.dollars:g}")
    return parts


def _thought(spec: str, options: ObserverOptions) -> int:
    kind, _, rest = spec.partition(":")
    if kind not in REMOTE:
        return 0
    found = split_spec(rest)
    return expected_thought(rest if found is None else found[0], options)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _millions(tokens: int) -> str:
    return f"{tokens / 1e6:.1f} M" if tokens >= 1e5 else f"{tokens:,}"
