"""What is known of model families by name: who thinks before answering, and how much room that takes.

Names change monthly, so nothing here is relied on: a model that is not known as one that thinks starts with
less room, and gets more when a reply ends at the limit with nothing said (`limits`).
"""

import re

from calibration.observers.options import Effort, ObserverOptions

SPOKEN_LIMIT = 1024  # tokens: a flag and paragraphs of analysis, where nothing is thought
THINKING_LIMIT = 16_384  # of a reply with its thoughts, at the providers' default effort
HARD_THINKING_LIMIT = 32_768
USUAL_THOUGHT = 2000  # tokens about a pair of pictures, at the providers' default effort
_THOUGHT: dict[Effort, int] = {
    "none": 0,
    "minimal": 100,
    "low": 400,
    "medium": USUAL_THOUGHT,
    "high": 3000,
    "xhigh": 6000,
    "max": 10_000,
}
_HARD: tuple[Effort, ...] = ("high", "xhigh", "max")

_TIMEOUT_SECONDS = 120.0
_THINKING_TIMEOUT_SECONDS = 600.0  # what OpenAI's and Anthropic's own clients wait

_OPENAI_THINKS = r"o[1345](?![a-z\d])|gpt-(?:5|6|7)(?!.*chat)|codex"
_THINKS = re.compile(
    rf"^(?:{_OPENAI_THINKS}"
    r"|gpt-oss"
    r"|claude-(?:[a-z]+-)(?:[5-9]|mythos|preview)"  # Claude 5 and later think by themselves
    r"|gemini-2\.5(?!-flash-lite)|gemini-(?:[3-9]|\d\d)|gemini-(?:pro|flash)-latest"
    r"|grok-(?:[4-9]|3-mini)(?!.*non-reasoning)"
    r"|qwq|qvq|qwen-?3(?!.*instruct)"
    r"|glm-(?:4\.[15-9]|[5-9])|magistral|minimax-m\d|step-?3|kimi-k2\.[5-9])"
    r"|thinking|reasoner|[-_]r1(?![a-z\d])|deepseek-r\d"
)
_OPENAI = re.compile(rf"^(?:{_OPENAI_THINKS})")
# They can think, and do not unless told to.
_ONLY_WHEN_TOLD = re.compile(r"^gpt-5\.[1-4](?!\d)|^claude-(?:[a-z]+-)?(?:3-7|4)|^gemini-2\.5-flash-lite")
_ADAPTIVE_CLAUDE = re.compile(r"^claude-[a-z]+-(?:4-[6-9]|[5-9]|preview)")
_LEVELLED_GEMINI = re.compile(r"^gemini-(?:[3-9]|\d\d)")


_VENDOR = re.compile(r"^.*/|^(?:[a-z]+\.)?anthropic\.")


def bare(model: str) -> str:
    """Return the model's own name, without the vendor that routers put before it, in lower case."""
    return _VENDOR.sub("", model.lower())


def thinks(model: str, options: ObserverOptions) -> bool:
    """Return whether replies are expected to begin with thoughts that count against the limit."""
    if options.thinking == "off" or options.effort == "none":
        return False
    if options.thinking is not None or options.effort is not None:
        return True
    return _may_think(model) and not _ONLY_WHEN_TOLD.match(bare(model))


def is_openai_reasoner(model: str) -> bool:
    """Return whether this is one of OpenAI's models that take `max_completion_tokens` and an effort."""
    return bool(_OPENAI.match(bare(model)))


def thinks_adaptively(model: str) -> bool:
    """Return whether this Claude model is told to think by `adaptive`, not by a budget (4.6 and later)."""
    return bool(_ADAPTIVE_CLAUDE.match(bare(model)))


def has_thinking_levels(model: str) -> bool:
    """Return whether this Gemini model takes `thinkingLevel` (3 and later), not `thinkingBudget`."""
    return bool(_LEVELLED_GEMINI.match(bare(model)))


def first_limit(model: str, options: ObserverOptions) -> int:
    """Return how many tokens a reply may take at first, thoughts included."""
    if options.max_tokens is not None:
        return options.max_tokens
    if isinstance(options.thinking, int):
        return options.thinking + SPOKEN_LIMIT
    if options.effort in _HARD:
        return HARD_THINKING_LIMIT
    if options.thinking == "off" or options.effort == "none":
        return SPOKEN_LIMIT
    # Who might think is given the room as well: it costs nothing where it is not used.
    return THINKING_LIMIT if _may_think(model) or thinks(model, options) else SPOKEN_LIMIT


def expected_thought(model: str, options: ObserverOptions) -> int:
    """Return how many tokens a reply's thoughts are expected to take."""
    if not thinks(model, options):
        return 0
    if isinstance(options.thinking, int):
        return min(options.thinking, USUAL_THOUGHT)
    usual = USUAL_THOUGHT if options.effort is None else _THOUGHT[options.effort]
    return usual if options.max_tokens is None else min(usual, options.max_tokens)


def patience_seconds(model: str, options: ObserverOptions) -> float:
    """Return how long one request may take."""
    if options.timeout_seconds is not None:
        return options.timeout_seconds
    return _THINKING_TIMEOUT_SECONDS if thinks(model, options) else _TIMEOUT_SECONDS


def _may_think(model: str) -> bool:
    return bool(_THINKS.search(bare(model)))
