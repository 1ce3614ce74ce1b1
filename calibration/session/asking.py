"""How questions reach an observer: one at a time into the queue, answers out as they come.

A remote observer answers each question by itself, a local model a batch at a time; the session does not care.
"""

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from calibration.observers.protocol import Observer, ObserverError, Query, Reply

DEFAULT_IN_FLIGHT = 8


@dataclass(frozen=True)
class Answered:
    """What became of one question."""

    ticket: int
    reply: Reply | ObserverError
    seconds: float


class Asker(Protocol):
    """A queue in front of one observer, or of many that are alike."""

    @property
    def room(self) -> int:
        """How many more questions are taken now."""
        ...

    def submit(self, ticket: int, query: Query) -> None:
        """Take a question; `ticket` comes back with its answer."""
        ...

    def collect(self) -> Sequence[Answered]:
        """Wait for at least one answer; return all that are there. Empty when nothing was submitted."""
        ...


@runtime_checkable
class ConcurrentObserver(Protocol):
    """An observer that answers many questions at a time, each by itself."""

    @property
    def in_flight(self) -> int:
        """How many it wants at a time."""
        ...

    def submit(self, query: Query) -> Future[Reply]:
        """Begin to ask; the future raises ObserverError where no answer can be had."""
        ...


def asker_for(observer: Observer) -> Asker:
    """Return the queue that suits an observer."""
    return FutureAsker(observer) if isinstance(observer, ConcurrentObserver) else BatchAsker(observer)


class BatchAsker:
    """Gathers questions and asks them in one call."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._size = int(getattr(observer, "in_flight", DEFAULT_IN_FLIGHT))
        self._waiting: list[tuple[int, Query]] = []

    @property
    def room(self) -> int:
        """What is left of a batch."""
        return self._size - len(self._waiting)

    def submit(self, ticket: int, query: Query) -> None:
        """Add to the next batch."""
        self._waiting.append((ticket, query))

    def collect(self) -> Sequence[Answered]:
        """Ask the batch."""
        tickets = [ticket for ticket, _ in self._waiting]
        queries = [query for _, query in self._waiting]
        self._waiting = []
        started = time.perf_counter()
        replies: Sequence[Reply | ObserverError]
        try:
            replies = self._observer.ask(queries) if queries else []
        except ObserverError as error:
            replies = [error] * len(queries)
        seconds = (time.perf_counter() - started) / max(len(queries), 1)
        return [Answered(ticket, reply, seconds) for ticket, reply in zip(tickets, replies, strict=True)]


class FutureAsker:
    """Keeps a number of questions in flight."""

    def __init__(self, observer: ConcurrentObserver) -> None:
        self._observer = observer
        self._in_flight: dict[Future[Reply], tuple[int, float]] = {}

    @property
    def room(self) -> int:
        """What is left of the observer's own bound."""
        return self._observer.in_flight - len(self._in_flight)

    def submit(self, ticket: int, query: Query) -> None:
        """Send at once."""
        self._in_flight[self._observer.submit(query)] = (ticket, time.perf_counter())

    def collect(self) -> Sequence[Answered]:
        """Wait until an answer is there."""
        done, _ = wait(self._in_flight, return_when=FIRST_COMPLETED)
        return [self._take(future) for future in sorted(done, key=lambda each: self._in_flight[each][0])]

    def _take(self, future: Future[Reply]) -> Answered:
        ticket, started = self._in_flight.pop(future)
        seconds = time.perf_counter() - started
        try:
            return Answered(ticket, future.result(), seconds)
        except ObserverError as error:
            return Answered(ticket, error, seconds)
