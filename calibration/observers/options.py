"""How a model is asked beyond the question itself: how much it may say and think, how long it may take.

What is left at None is decided by the model's family (`families`), or left to its provider.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
EFFORTS: tuple[Effort, ...] = get_args(Effort)
Thinking = Literal["on", "off"] | int  # a number: tokens it may think

SMALLEST_THINKING = 128  # tokens; no provider takes less, but 0, which is "off"


@dataclass(frozen=True)
class ObserverOptions:
    """What the command line may say of any observer asked over HTTP."""

    workers: int = 8  # requests in flight at a time
    max_tokens: int | None = None  # of a reply, thoughts included; None: by family, raised where too small
    effort: Effort | None = None  # how hard to think, in the provider's word; None: the provider's default
    thinking: Thinking | None = None  # None: the provider's default
    timeout_seconds: float | None = None  # of one request; None: by family
    # Two pictures as one: True always, False never, None where the server takes one picture per request.
    side_by_side: bool | None = None

    @property
    def given(self) -> list[str]:
        """The command line's names of what differs from the defaults, the number of workers aside."""
        named = {
            "--max-tokens": self.max_tokens,
            "--effort": self.effort,
            "--thinking": self.thinking,
            "--timeout": self.timeout_seconds,
            "--side-by-side": self.side_by_side or None,
        }
        return [name for name, value in named.items() if value is not None]


def parse_effort(text: str | None) -> Effort | None:
    """Read `--effort`.

    Raises:
        ValueError: No provider knows this level.
    """
    if text is None:
        return None
    for known in EFFORTS:
        if text.lower() == known:
            return known
    raise ValueError(f"expected --effort {', '.join(EFFORTS)}, got {text!r}")


def parse_thinking(text: str | None) -> Thinking | None:
    """Read `--thinking on`, `--thinking off` or a number of tokens.

    Raises:
        ValueError: Not understood, or fewer tokens than any provider takes.
    """
    if text is None:
        return None
    word = text.lower()
    if word == "on":
        return "on"
    if word in ("off", "0"):
        return "off"
    if word.isdecimal() and int(word) >= SMALLEST_THINKING:
        return int(word)
    raise ValueError(f"expected --thinking on, off, or at least {SMALLEST_THINKING} tokens; got {text!r}")
