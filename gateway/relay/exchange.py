"""The facts of one request, gathered on its way; what they add up to, and nothing of where they are told."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.detection.verdict import Verdict
from gateway.pipeline import ImageOutcome
from gateway.policy import PLAIN, Action, EffectivePolicy, strictest, worst
from gateway.relay.admission import Reservation
from gateway.relay.stopwatch import Stopwatch
from gateway.relay.tracing import NO_TRACE, Trace
from gateway.relay.usage import Usage
from gateway.review.recorder import Ticket

_SEEN_BY_SOME = frozenset({"animation", "transparency"})  # of what is left behind; the rest no model sees


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
    is_looked_at: bool = False  # someone searched it for images
    strays: Sequence[str] = ()  # reasons: what looks like an image where the dialect knows of none
    upstream: str = ""  # which of the settings' upstreams it goes to
    client: str = ""  # whose key it came with, if the settings name them
    remarks: Sequence[str] = ()  # what the caller asked for in vain, one word each
    policy: EffectivePolicy = PLAIN  # by which it is treated; of no account where nothing is looked into
    request_id: str = ""
    is_stream: bool = False  # the answer is an event stream
    trace: Trace = NO_TRACE
    room: Reservation | None = None  # of its body, and of what is fetched for it
    fetched_bytes: int = 0  # of pictures at addresses
    limit_step: int = 0  # to which pictures were brought for the size of the whole; 0: to none
    exceeded: Sequence[str] = ()  # limits of the provider that what is sent exceeds, by our rules
    noted: Sequence[Ticket] = ()  # flagged images that are kept for review, or about to be
    usage: Usage | None = None  # tokens of a request with images, where its answer tells

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
        return sum(outcome.tokens_saved for outcome in self.outcomes)

    @property
    def would_save_bytes(self) -> int:
        """Image bytes that mode observe left in."""
        return sum(outcome.would_save_bytes for outcome in self.outcomes)

    @property
    def would_save_tokens(self) -> int:
        """Image tokens that mode observe left in."""
        return sum(outcome.would_save_tokens for outcome in self.outcomes)

    @property
    def is_observed(self) -> bool:
        """Whether an image went out as it came only because mode observe says so."""
        return any(outcome.is_observed for outcome in self.outcomes)

    @property
    def unchecked_reasons(self) -> list[str]:
        """Why something was not looked at: bodies, images, strays; one word each, without repetition."""
        images = (outcome.reason for outcome in self.outcomes if outcome.verdict.outcome == "unchecked")
        return list(dict.fromkeys(word for word in (self.unchecked, *images, *self.strays) if word))

    @property
    def is_noted(self) -> bool:
        """Whether there is anything to tell of images."""
        return bool(self.outcomes or self.unchecked or self.strays)

    @property
    def gravest(self) -> Verdict | None:
        """The gravest verdict over all images; None without one."""
        return worst(outcome.verdict for outcome in self.outcomes)

    @property
    def action(self) -> Action:
        """The strictest of what was done to images."""
        return strictest(outcome.action for outcome in self.outcomes)

    @property
    def flags(self) -> list[str]:
        """Every kind of evidence that makes an image worth an alarm, in alphabetical order."""
        return sorted({kind for outcome in self.outcomes for kind in outcome.verdict.flags})

    @property
    def qualities(self) -> list[str]:
        """How good each image looks, 0 to 100, a dash for what was not judged; empty where none was."""
        known = [outcome.quality for outcome in self.outcomes]
        if all(quality is None for quality in known):
            return []
        return ["-" if quality is None else f"{quality:.0f}" for quality in known]

    @property
    def guessed_qualities(self) -> list[str]:
        """Number the images, from 1, whose quality is a guess: they are unlike the photographs it knows."""
        return [str(number) for number, outcome in enumerate(self.outcomes, 1) if outcome.is_quality_guessed]

    @property
    def verdict(self) -> str:
        """The gravest outcome over all images, or `none`; empty where nobody has looked for any."""
        if self.gravest is not None:
            return self.gravest.outcome
        if self.unchecked_reasons:
            return "unchecked"
        return "none" if self.is_looked_at else ""

    @property
    def reasons(self) -> list[str]:
        """Everything that was skipped or failed, one word each, without repetition."""
        images = (outcome.reason for outcome in self.outcomes)
        words = [self.unchecked, *images, *self.strays, *self.remarks, *self.failures, *self._lost]
        return list(dict.fromkeys(word for word in words if word))

    @property
    def _lost(self) -> list[str]:
        """What pictures lost, beside metadata, because they would have been refused with it."""
        plans = [each.plan for each in self.outcomes if each.plan is not None and not each.is_observed]
        return [f"{kind}_lost" for plan in plans for kind in plan.left_behind if kind in _SEEN_BY_SOME]
