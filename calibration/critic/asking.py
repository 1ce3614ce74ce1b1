"""Ask what the log does not hold yet, and log every answer as it comes.

An answer is on disk before anything is built on it. A question whose replies say none of its words is given
up after a while, for good in this log; the others go on: a model that refuses to name an origin may still
judge quality.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from cachetools import LRUCache

from calibration.critic.answers import CriticAnswer, CriticLog, answer_of
from calibration.critic.plan import CriticQuestion
from calibration.image import Image, fit_within, load
from calibration.observers.protocol import ObserverError, Query
from calibration.session.asking import Asker
from calibration.session.budget import Budget
from calibration.session.legibility import is_hopeless

_KEPT_BYTES = 256 * 1024 * 1024

Progress = Callable[[int], None]  # told how many questions were answered


@dataclass(frozen=True)
class Asked:
    """How far a run came."""

    is_whole: bool  # all was asked that was not given up
    given_up: frozenset[str] = frozenset()  # scales


class ShownPictures:
    """Pictures of a folder as they are shown: whole, their longer side bounded."""

    def __init__(self, folder: Path, longest_side: int) -> None:
        self._folder = folder
        self._longest_side = longest_side
        self._kept: LRUCache[str, Image] = LRUCache(_KEPT_BYTES, getsizeof=lambda image: image.pixels.nbytes)

    def load(self, name: str) -> Image:
        """Return a picture.

        Raises:
            ImageError: It is no longer readable.
        """
        kept = self._kept.get(name)
        if kept is None:
            kept = fit_within(load(self._folder / name), self._longest_side)
            if kept.pixels.nbytes <= self._kept.maxsize:
                self._kept[name] = kept
        return kept


@dataclass
class Interview:
    """An observer that is asked, what is shown to it, where its answers go and what they may cost."""

    asker: Asker
    pictures: ShownPictures
    log: CriticLog
    budget: Budget
    progress: Progress
    _lost: Counter[str] = field(default_factory=Counter)
    _heard: Counter[str] = field(default_factory=Counter)
    _given_up: set[str] = field(default_factory=set)
    _failure: ObserverError | None = None

    def __post_init__(self) -> None:
        self._judge(self.log.entries)

    def ask(self, questions: Iterable[CriticQuestion]) -> Asked:
        """Ask until all is answered or the budget is spent.

        Raises:
            ObserverError: The observer gave up; what was answered is kept.
            TrialLogError: The log cannot be written.
            ImageError: A picture is no longer readable.
        """
        known = {answer.id for answer in self.log.entries}
        waiting = _Waiting(question for question in questions if question.id not in known)
        in_flight: dict[int, CriticQuestion] = {}
        tickets = count()
        while True:
            self._fill(waiting, in_flight, tickets)
            if not in_flight:
                break
            answers = self._collect(in_flight)
            self.log.append(answers)
            self._judge(answers)
            self.progress(len(answers))
        if self._failure is not None:
            raise self._failure
        return Asked(waiting.next_of(self._given_up) is None, frozenset(self._given_up))

    def _fill(
        self, waiting: "_Waiting", in_flight: dict[int, CriticQuestion], tickets: Iterator[int]
    ) -> None:
        while self._failure is None and self.asker.room > 0:
            question = waiting.next_of(self._given_up)
            if question is None or not self.budget.allows(reserved=len(in_flight), wanted=1):
                return
            waiting.take()
            ticket = next(tickets)
            images = [self.pictures.load(name) for name in question.pictures]
            in_flight[ticket] = question
            self.asker.submit(ticket, Query(question.prompt, images, key=question.id, manner=question.manner))

    def _collect(self, in_flight: dict[int, CriticQuestion]) -> list[CriticAnswer]:
        answers = []
        for answered in self.asker.collect():
            question = in_flight.pop(answered.ticket)
            if isinstance(answered.reply, ObserverError):
                self._failure = self._failure or answered.reply
                continue
            answers.append(answer_of(question, answered.reply, answered.seconds))
            self.budget.spend(answers[-1])
        return answers

    def _judge(self, answers: Iterable[CriticAnswer]) -> None:
        """Give up the scales whose words replies hardly ever say."""
        for answer in answers:
            self._heard[answer.scale] += 1
            self._lost[answer.scale] += answer.outcome != "read"
            heard = self._heard[answer.scale]
            if is_hopeless(heard - self._lost[answer.scale], heard):
                self._given_up.add(answer.scale)


class _Waiting:
    """Questions that wait for their turn."""

    def __init__(self, questions: Iterator[CriticQuestion]) -> None:
        self._questions = questions
        self._next: CriticQuestion | None = None

    def next_of(self, given_up: set[str]) -> CriticQuestion | None:
        """Return the next question whose scale was not given up, and keep it; None at the end."""
        while self._next is None or self._next.scale in given_up:
            self._next = next(self._questions, None)
            if self._next is None:
                return None
        return self._next

    def take(self) -> None:
        """Let the question that was returned go."""
        self._next = None
