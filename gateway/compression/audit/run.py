"""Ask a model about pictures as they are and as they would be sent, until the questions or the budget end.

Knows neither files nor APIs: how a picture is lightened and how a question is asked come from outside.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from gateway.compression.audit.answers import Answer, say_the_same, standing
from gateway.compression.audit.asking import HopelessError, UnansweredError
from gateway.compression.audit.journal import Journal
from gateway.compression.audit.questions import Question
from gateway.compression.audit.wire import Asked

MOST_ASKS = 3  # of one question: the original, the lightened picture, and once more the original
_GIVE_UP_AFTER = 10  # questions that were not answered, with none that was


@dataclass(frozen=True, eq=False)
class Pair:
    """One picture as it is and as it would be sent."""

    original: bytes
    original_type: str  # media type
    lightened: bytes
    lightened_type: str
    picture_class: str
    reason: str = ""  # why it is left as it is

    @property
    def is_left_alone(self) -> bool:
        """Whether the gateway would send it as it is."""
        return self.original == self.lightened


@dataclass(frozen=True)
class Outcome:
    """What the answers to one question about one picture came to."""

    picture: str
    picture_class: str
    prompt: str
    original: Answer
    lightened: Answer
    is_changed: bool
    is_noise: bool


@dataclass
class AuditLog:
    """What an audit has found so far."""

    outcomes: list[Outcome] = field(default_factory=list)
    left_alone: dict[str, str] = field(default_factory=dict)  # picture sent as it is, nothing to ask: why
    unreadable: dict[str, str] = field(default_factory=dict)  # picture: why
    unanswered: list[str] = field(default_factory=list)  # one reason per question
    asked: int = 0  # answers paid for, by this run and those it goes on from
    unfinished: int = 0  # questions that the budget did not reach


class UnreadablePictureError(ValueError):
    """A picture of the folder cannot be read."""


Lighten = Callable[[str], Pair]  # by name; raises UnreadablePictureError
Ask = Callable[[Asked], Awaitable[Answer]]


@dataclass(eq=False)
class Audit:
    """One run."""

    lighten: Lighten
    ask: Ask
    always_thrice: Callable[[], bool]  # whether the model cannot be made to repeat itself
    journal: Journal
    budget: int  # answers
    source: str  # names model and API: answers of another are no answers here
    told: Callable[[AuditLog], None] = lambda _: None  # after every question
    log: AuditLog = field(default_factory=AuditLog)
    _reserved: int = 0

    async def run(self, questions: Sequence[Question], *, in_flight: int) -> AuditLog:
        """Ask, `in_flight` questions at a time; what is found is in `log` even if this is cut short.

        Raises:
            HopelessError: The API answers no question at all.
            OSError: An answer could not be kept.
        """
        queue = iter(questions)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(in_flight):
                    group.create_task(self._work(queue))
        except ExceptionGroup as errors:  # one is enough to know what is wrong; others follow from it
            raise errors.exceptions[0] from None
        finally:
            self.log.unfinished += sum(1 for _ in queue)
        return self.log

    async def _work(self, queue: Iterator[Question]) -> None:
        for question in queue:
            if self.log.asked + self._reserved + MOST_ASKS > self.budget:
                self.log.unfinished += 1
                return
            self._reserved += MOST_ASKS
            try:
                await self._settle(question)
            finally:
                self._reserved -= MOST_ASKS
            self.told(self.log)

    async def _settle(self, question: Question) -> None:
        try:
            pair = await asyncio.to_thread(self.lighten, question.picture)
        except UnreadablePictureError as error:
            self.log.unreadable[question.picture] = str(error)
            return
        if pair.is_left_alone:
            self.log.left_alone[question.picture] = pair.reason
            return
        try:
            self.log.outcomes.append(await self._outcome(question, pair))
        except UnansweredError as error:
            self.log.unanswered.append(str(error))
            if len(self.log.unanswered) >= _GIVE_UP_AFTER and not self.log.outcomes:
                raise HopelessError(f"no question was answered; the last: {error}") from error

    async def _outcome(self, question: Question, pair: Pair) -> Outcome:
        original = Asked(question.prompt, pair.original, pair.original_type)
        first = await self._answer(original, 0)
        lightened = await self._answer(Asked(question.prompt, pair.lightened, pair.lightened_type), 0)
        again = None
        if self.always_thrice() or not say_the_same(first, lightened):
            again = await self._answer(original, 1)
        found = standing(first, lightened, again)
        return Outcome(
            question.picture,
            pair.picture_class,
            question.prompt,
            first,
            lightened,
            is_changed=found.is_changed,
            is_noise=found.is_noise,
        )

    async def _answer(self, asked: Asked, turn: int) -> Answer:
        key = self._key(asked, turn)
        known = self.journal.get(key)
        if known is None:
            known = await self.ask(asked)
            self.journal.add(key, known)
        self.log.asked += 1
        return known

    def _key(self, asked: Asked, turn: int) -> str:
        parts = (self.source, asked.prompt, asked.media_type, str(turn))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass") + asked.data).hexdigest()
