"""The facts of one request, gathered on its way; what they add up to, and nothing of where they are told."""

from dataclasses import dataclass, field

from gateway.detection.verdict import Verdict
from gateway.pipeline import ImageOutcome
from gateway.policy import worst
from gateway.relay.stopwatch import Stopwatch


@dataclass
class Exchange:
    """What is known of one request so far."""

    dialect: str
    provider: str
    path: str  # as the caller wrote it
    api_path: str = ""  # the same normalised, without the gateway's prefix; for requests of a dialect
    times: Stopwatch = field(default_factory=Stopwatch)
    model: str = ""
    status: int = 0  # 0 until an answer has started
    outcomes: tuple[ImageOutcome, ...] = ()
    unchecked: str = ""  # why the body as a whole was not looked into
    failures: list[str] = field(default_factory=list)  # kinds, each counted once per event
    is_forwarded: bool = False

    def answer_starts(self, status: int) -> None:
        """Note that headers go out now."""
        self.status = status
        self.times.answer_starts()

    @property
    def bytes_saved(self) -> int:
        """Image bytes that did not have to travel on."""
        return sum(outcome.bytes_in - outcome.bytes_out for outcome in self.outcomes)

    @property
    def tokens_saved(self) -> int:
        """Image tokens the provider will not charge."""
        plans = [outcome.plan for outcome in self.outcomes if outcome.plan is not None]
        return sum(plan.tokens_in - plan.tokens_out for plan in plans)

    @property
    def gravest(self) -> Verdict | None:
        """The gravest verdict over all images; None without one."""
        return worst(outcome.verdict for outcome in self.outcomes)

    @property
    def verdict(self) -> str:
        """The gravest outcome over all images, or `none`."""
        if self.gravest is None:
            return "unchecked" if self.unchecked else "none"
        return self.gravest.outcome

    @property
    def reasons(self) -> list[str]:
        """Everything that was skipped or failed, one word each, without repetition."""
        words = [self.unchecked, *(outcome.reason for outcome in self.outcomes), *self.failures]
        return list(dict.fromkeys(word for word in words if word))
