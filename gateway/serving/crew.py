"""The workers of one supervisor: as many as the settings ask for, replaced when they crash or age.

A new worker answers before an old one drains, so that no request is dropped. Knows nothing of signals.
"""

import asyncio
import logging
from collections.abc import Callable

from gateway.serving.balance import MOST_WORKERS
from gateway.serving.worker_process import (
    Employer,
    WorkerFailedError,
    WorkerProcess,
    in_words,
    start_worker,
)
from gateway.settings import Settings

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 30.0
CALM_SECONDS = 60.0  # without a crash, after which the next one is again the first
RETIRED_LINGER_SECONDS = 5.0  # for requests on idle connections: others answer meanwhile, so nobody waits
SHORT_LINGER_SECONDS = 1.0  # for the same, where everything ends
_LAST_WORDS_SECONDS = 6.0  # after the drain, until what is left is killed


class Backoff:
    """How long to wait before a crashed worker is replaced: longer each time, until there is calm."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last_seconds = 0.0
        self._last_at = clock()

    def next_seconds(self) -> float:
        """Return the pause for a crash that happens now."""
        now = self._clock()
        is_calm = now - self._last_at - self._last_seconds > CALM_SECONDS
        longer = FIRST_PAUSE_SECONDS if is_calm or not self._last_seconds else self._last_seconds * 2
        self._last_seconds, self._last_at = min(longer, LONGEST_PAUSE_SECONDS), now
        return self._last_seconds


class Crew:
    """Everyone who works, starts or leaves."""

    def __init__(
        self, employer: Employer, tasks: asyncio.TaskGroup, backoff: Backoff, on_crash: Callable[[], None]
    ) -> None:
        """Take the task group that outlives them all; `on_crash` hears of every worker that ended unasked."""
        self._employer = employer
        self._tasks = tasks
        self._backoff = backoff
        self._on_crash = on_crash
        self._settings = Settings()
        self._places: set[int] = set()
        self._starting: set[WorkerProcess] = set()
        self._working: list[WorkerProcess] = []
        self._watches: dict[WorkerProcess, asyncio.Task[None]] = {}  # of everyone alive
        self._refills: set[asyncio.Task[None]] = set()
        self._changing = asyncio.Lock()
        self._is_ending = False

    @property
    def pids(self) -> list[int]:
        """Process ids of those who answer."""
        return [worker.pid for worker in self._working]

    async def open(self, settings: Settings) -> None:
        """Start everyone at once.

        Raises:
            WorkerFailedError: One did not get ready.
        """
        async with self._changing:
            self._settings = settings
            await asyncio.gather(*(self._start(settings) for _ in range(settings.listen.workers)))

    async def change_to(self, settings: Settings) -> None:
        """Put workers with these settings in the place of those there are, one by one.

        Raises:
            WorkerFailedError: The first one did not get ready; everything stays as it was.
        """
        async with self._changing:
            old = list(self._working)
            await self._start(settings)
            self._settings = settings
            for number in range(1, settings.listen.workers):
                self._retire(old[number - 1 : number])
                await self._start_or_refill(settings)
            self._retire(old[settings.listen.workers - 1 :])

    async def end(self) -> None:
        """Have everyone drain and end; kill who does not."""
        self._is_ending = True
        for refill in self._refills:
            refill.cancel()
        for worker in self._starting:
            worker.kill()
        for worker in self._working:
            worker.drain(SHORT_LINGER_SECONDS)
        if self._watches:
            await asyncio.wait(
                self._watches.values(), timeout=self._settings.listen.drain_seconds + _LAST_WORDS_SECONDS
            )
        for worker, watch in list(self._watches.items()):
            log.error("worker %d did not end in time and is killed", worker.pid)
            worker.kill()
            await watch

    def hurry(self) -> None:
        """Have everyone who drains end now."""
        for worker in self._watches:
            worker.hurry()

    async def _start(self, settings: Settings) -> None:
        worker = await start_worker(self._employer, self._tasks, self._take_place())
        self._starting.add(worker)
        self._watches[worker] = self._tasks.create_task(self._watch(worker))
        await worker.give(settings)
        self._starting.discard(worker)
        self._working.append(worker)

    def _take_place(self) -> int:
        free = (place for place in range(MOST_WORKERS) if place not in self._places)
        place = next(free, None)
        if place is None:
            raise WorkerFailedError("too many workers have not ended yet")
        self._places.add(place)
        return place

    async def _start_or_refill(self, settings: Settings) -> None:
        try:
            await self._start(settings)
        except WorkerFailedError as error:
            log.error("a worker did not get ready: %s", error)
            self._refill_later()

    def _retire(self, workers: list[WorkerProcess]) -> None:
        for worker in workers:
            if worker in self._working:
                self._working.remove(worker)
                worker.drain(RETIRED_LINGER_SECONDS)

    async def _watch(self, worker: WorkerProcess) -> None:
        """Wait for a worker's end, keep its numbers, and replace it if nobody asked it to end."""
        code = await worker.ended()
        await asyncio.to_thread(self._employer.metrics.fold, worker.pid)
        self._employer.occupancy.leave(worker.place)
        self._places.discard(worker.place)
        self._starting.discard(worker)
        del self._watches[worker]
        if worker in self._working:
            self._working.remove(worker)
            if not self._is_ending:
                log.error("worker %d ended with %s: another takes its place", worker.pid, in_words(code))
                self._on_crash()
                self._refill_later()

    def _refill_later(self) -> None:
        task = self._tasks.create_task(self._refill(self._backoff.next_seconds()))
        self._refills.add(task)
        task.add_done_callback(self._refills.discard)

    async def _refill(self, pause_seconds: float) -> None:
        await asyncio.sleep(pause_seconds)
        async with self._changing:
            if len(self._working) < self._settings.listen.workers:
                await self._start_or_refill(self._settings)
