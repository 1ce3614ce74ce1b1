"""The same session over a Ray cluster: one observer per CPU or GPU, questions to whoever is idle.

The session stays on the driver: it places, renders and logs. Workers only answer, so a worker or a whole node
that dies costs time and no trial: its questions go back into the queue. Which worker answers changes nothing,
because observers do not remember; the trials are those of a single machine.
"""

import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import ray
from ray.exceptions import RayError

from calibration.observers.options import ObserverOptions
from calibration.observers.protocol import Observer, ObserverError, Query, Reply
from calibration.observers.select import build_observer
from calibration.session.asking import DEFAULT_IN_FLIGHT, Answered

_OPENING_SECONDS = 600.0  # for a large model to load
_LOOK_AGAIN_SECONDS = 5.0
_MOST_LOSSES_IN_A_ROW = 10  # workers that die without an answer between them: the question kills them


@dataclass(frozen=True)
class Description:
    """What the session must know of the observer, whichever worker tells it."""

    name: str
    stimulus_side: int | None
    input_side: int | None
    in_flight: int  # of one worker
    address: str = ""  # of a remote observer's server, without credentials


class ClusterError(ObserverError):
    """No worker could be had."""


class Worker:
    """Holds one observer; runs as a Ray actor."""

    def __init__(self) -> None:
        self._observer: Observer | None = None

    def open(self, spec: str, options: ObserverOptions) -> Description | str:
        """Build the observer; return what it is, or why it cannot be had."""
        try:
            observer = self._observer = build_observer(spec, options)
        except (ValueError, LookupError, ObserverError) as error:
            return str(error)
        in_flight = int(getattr(observer, "in_flight", DEFAULT_IN_FLIGHT))
        return Description(
            observer.name,
            observer.stimulus_side,
            observer.input_side,
            in_flight,
            address=getattr(observer, "address", ""),
        )

    def ask(self, queries: Sequence[Query]) -> list[Reply] | str:
        """Answer; return why not, as text, where the observer gave up."""
        if self._observer is None:
            return "the worker has no observer"
        try:
            return self._observer.ask(queries)
        except ObserverError as error:
            return str(error)


@dataclass(frozen=True)
class _Call:
    """Questions a worker is answering."""

    worker: Any
    questions: Sequence[tuple[int, Query]]
    started: float


class RayAsker:
    """A queue in front of the workers of a cluster; an `Asker`."""

    def __init__(self, spec: str, options: ObserverOptions) -> None:
        """Connect to `RAY_ADDRESS`, or start Ray here, and open the observer on every worker.

        Raises:
            ClusterError: The cluster cannot be reached, or no worker could open the observer.
        """
        self._owns_ray = not ray.is_initialized()
        try:
            ray.init(ignore_reinit_error=True, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ClusterError(f"cannot reach the Ray cluster: {error}") from error
        self._spec = spec
        resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
        self._gpus = 1 if spec.startswith("transformers:") and resources.get("GPU", 0) >= 1 else 0
        wanted = max(int(resources.get("GPU" if self._gpus else "CPU", 1)), 1)
        self._options = replace(options, workers=max(options.workers // wanted, 1))
        self._idle: deque[Any] = deque()
        self._calls: dict[Any, _Call] = {}
        self._opening: dict[Any, Any] = {}  # future of `open` -> worker
        self._waiting: deque[tuple[int, Query]] = deque()
        self._losses = 0
        for _ in range(wanted):
            self._open_one()
        self.description = self._first_description()
        self._capacity = self.description.in_flight * wanted

    @property
    def room(self) -> int:
        """How many more questions are taken now."""
        return self._capacity - len(self._waiting) - sum(len(call.questions) for call in self._calls.values())

    def submit(self, ticket: int, query: Query) -> None:
        """Put into the queue; it leaves at the next `collect`."""
        self._waiting.append((ticket, query))

    def collect(self) -> Sequence[Answered]:
        """Send what waits, and return the answers of the first worker that is ready.

        Raises:
            ClusterError: No worker is left, and none could be had.
        """
        deadline = time.monotonic() + _OPENING_SECONDS
        while self._waiting or self._calls:
            self._dispatch()
            ready, _ = ray.wait([*self._calls, *self._opening], num_returns=1, timeout=_LOOK_AGAIN_SECONDS)
            if ready and (answered := self._take(ready[0])):
                return answered
            if not self._calls and not self._idle and time.monotonic() > deadline:
                raise ClusterError(f"no worker of the cluster answered within {_OPENING_SECONDS:.0f} s")
        return []

    def close(self) -> None:
        """Dismiss the workers; stop Ray where it was started here."""
        for worker in [*self._idle, *self._opening.values(), *(call.worker for call in self._calls.values())]:
            ray.kill(worker)
        if self._owns_ray:
            ray.shutdown()

    def _dispatch(self) -> None:
        """Share what waits evenly among idle workers."""
        while self._waiting and self._idle:
            share = -(-len(self._waiting) // len(self._idle))
            size = min(share, self.description.in_flight)
            questions = [self._waiting.popleft() for _ in range(size)]
            worker = self._idle.popleft()
            call = worker.ask.remote([query for _, query in questions])
            self._calls[call] = _Call(worker, questions, time.perf_counter())

    def _take(self, ready: Any) -> Sequence[Answered]:
        """Return the answers of a call; none from a worker that opened or was lost."""
        if ready in self._opening:
            self._take_opened(ready)
            return []
        call = self._calls.pop(ready)
        try:
            replies = ray.get(ready)
        except RayError as error:
            self._lose(call, error)
            return []
        self._losses = 0
        self._idle.append(call.worker)
        seconds = (time.perf_counter() - call.started) / len(call.questions)
        if isinstance(replies, str):
            return [Answered(ticket, ObserverError(replies), seconds) for ticket, _ in call.questions]
        return [
            Answered(ticket, reply, seconds)
            for (ticket, _), reply in zip(call.questions, replies, strict=True)
        ]

    def _lose(self, call: _Call, error: RayError) -> None:
        """Put the questions of a lost worker first in the queue, and ask for another worker."""
        self._waiting.extendleft(reversed(call.questions))
        self._losses += 1
        if self._losses > _MOST_LOSSES_IN_A_ROW:
            raise ClusterError(f"{self._losses} workers were lost in a row; last: {error}") from error
        self._open_one()

    def _open_one(self) -> None:
        actor: Any = ray.remote(Worker)
        worker = actor.options(num_cpus=1, num_gpus=self._gpus).remote()
        self._opening[worker.open.remote(self._spec, self._options)] = worker

    def _take_opened(self, ready: Any) -> Description | None:
        """Let a worker that opened its observer join; one that died while opening is replaced."""
        worker = self._opening.pop(ready)
        try:
            opened = ray.get(ready)
        except RayError as error:
            self._lose(_Call(worker, [], time.perf_counter()), error)
            return None
        if isinstance(opened, str):
            raise ClusterError(opened)
        self._idle.append(worker)
        return opened  # type: ignore[no-any-return]  # ray.get has no type

    def _first_description(self) -> Description:
        deadline = time.monotonic() + _OPENING_SECONDS
        while time.monotonic() < deadline:
            ready, _ = ray.wait(list(self._opening), num_returns=1, timeout=_LOOK_AGAIN_SECONDS)
            if ready and (description := self._take_opened(ready[0])) is not None:
                return description
        raise ClusterError(f"no worker could open {self._spec} within {_OPENING_SECONDS:.0f} s")
