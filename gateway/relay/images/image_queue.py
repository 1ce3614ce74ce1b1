"""Do image work on threads so that no picture, and no caller, holds up the others. Event loop only.

Waiting pictures are bounded by number: when there are too many, the newest of whoever has most in the queue
goes. Those being worked on are bounded by pixels; a larger one gets in when no other large one is worked on.
Callers take turns. Large pictures leave one thread to the small ones, which are never held up by the bound.

Whoever stops waiting, for the deadline has come or the caller hung up, leaves the queue at once; work that
has begun ends on its thread and counts until then.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from gateway.errors import ImageTimeoutError, QueueFullError
from gateway.metrics import Metrics

T = TypeVar("T")

LARGE_PIXELS = 4_000_000  # above: a second of work or more
PIXEL_BYTES = 12  # that work takes at most for each pixel


@dataclass(eq=False)
class _Job:
    """One picture."""

    work: Callable[[], Any]
    tenant: str
    pixels: int
    since: float
    answer: "asyncio.Future[Any]"  # of whoever waits

    @property
    def is_large(self) -> bool:
        return self.pixels > LARGE_PIXELS


class _Lane:
    """Jobs of one size class that wait; tenants take turns."""

    def __init__(self) -> None:
        self._of_tenant: dict[str, deque[_Job]] = {}  # whose turn is next comes first; no deque is empty

    def __bool__(self) -> bool:
        return bool(self._of_tenant)

    def of(self, tenant: str) -> deque[_Job]:
        """Return the tenant's jobs, oldest first."""
        return self._of_tenant.get(tenant, deque())

    def tenants(self) -> list[str]:
        """List those who wait."""
        return list(self._of_tenant)

    def put(self, job: _Job) -> None:
        """Let a job wait."""
        self._of_tenant.setdefault(job.tenant, deque()).append(job)

    @property
    def next(self) -> _Job:
        """The job whose turn it is."""
        return next(iter(self._of_tenant.values()))[0]

    def pop(self) -> _Job:
        """Take that job; its tenant's turn comes again after all others'."""
        tenant, jobs = next(iter(self._of_tenant.items()))
        job = jobs.popleft()
        del self._of_tenant[tenant]
        if jobs:
            self._of_tenant[tenant] = jobs
        return job

    def remove(self, job: _Job) -> None:
        """Forget a job."""
        jobs = self._of_tenant[job.tenant]
        jobs.remove(job)
        if not jobs:
            del self._of_tenant[job.tenant]


class ImageQueue:
    """The threads of one process, and what waits for them."""

    def __init__(
        self,
        *,
        threads: int,
        max_images: int,
        max_pixels: int,
        metrics: Metrics,
        used: Callable[[int], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take at least two threads, one of which small pictures have for themselves.

        `max_images` may wait, `max_pixels` may be worked on; `used` hears of the bytes that work has taken,
        `clock` tells seconds.
        """
        self._used = used
        self._threads = max(2, threads)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="image")
        self._max_images = max_images
        self._max_pixels = max_pixels
        self._metrics = metrics
        self._clock = clock
        self._small, self._large = _Lane(), _Lane()
        self._waiting = 0
        self._running: set[_Job] = set()
        self._pixels = 0  # being worked on
        self._was_large = False  # which lane was served last

    async def run(self, work: Callable[[], T], *, tenant: str, pixels: int, deadline: float) -> T:
        """Do the work when its turn comes, and return what it returns.

        Args:
            work: Runs on a thread; `process` of a pipeline, say.
            tenant: Whose it is.
            pixels: How much memory and time it takes.
            deadline: When nobody waits any longer, by the clock.

        Raises:
            QueueFullError: Too many pictures wait.
            ImageTimeoutError: The deadline came first.
        """
        loop = asyncio.get_running_loop()
        job = _Job(work, tenant, pixels, self._clock(), loop.create_future())
        self._make_room(tenant)
        self._lane(job).put(job)
        self._count_waiting(1)
        self._start()
        timer = loop.call_later(max(0.0, deadline - self._clock()), _expire, job)
        try:
            found: T = await job.answer
        finally:
            timer.cancel()
            self._forget(job)
        return found

    async def close(self) -> None:
        """Wait for the work that has begun."""
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    def _lane(self, job: _Job) -> _Lane:
        return self._large if job.is_large else self._small

    def _make_room(self, tenant: str) -> None:
        """Let one more of this tenant's wait; whoever has most in the queue makes room for who has less."""
        if self._waiting < self._max_images:
            return
        greediest = max({*self._small.tenants(), *self._large.tenants()}, key=self._waiting_of, default="")
        error = QueueFullError("too many images wait for their turn; try again shortly")
        if self._waiting_of(greediest) <= self._waiting_of(tenant) + 1:
            raise error
        newest = max((*self._small.of(greediest), *self._large.of(greediest)), key=lambda job: job.since)
        self._take_out(newest)
        if not newest.answer.done():
            newest.answer.set_exception(error)

    def _waiting_of(self, tenant: str) -> int:
        return len(self._small.of(tenant)) + len(self._large.of(tenant))

    def _start(self) -> None:
        """Give free threads to those whose turn it is."""
        while len(self._running) < self._threads:
            lane = self._next_lane()
            if lane is None:
                return
            job = lane.pop()
            self._count_waiting(-1)
            self._was_large = job.is_large
            self._metrics.queue_wait.observe(self._clock() - job.since)
            self._running.add(job)
            self._count_pixels(job.pixels)
            ended = asyncio.get_running_loop().run_in_executor(self._pool, job.work)
            job.work = _nothing  # the picture's bytes are the thread's alone from here on
            ended.add_done_callback(lambda ended, job=job: self._end(job, ended))  # type: ignore[misc]

    def _next_lane(self) -> _Lane | None:
        """Take turns between large and small, where both may start."""
        may_start = self._large if self._large and self._fits(self._large.next) else None
        if may_start and not (self._was_large and self._small):
            return may_start
        return self._small if self._small else may_start

    def _fits(self, job: _Job) -> bool:
        large = sum(running.is_large for running in self._running)
        return not large or (large < self._threads - 1 and self._pixels + job.pixels <= self._max_pixels)

    def _end(self, job: _Job, ended: "asyncio.Future[Any]") -> None:
        self._running.discard(job)
        self._count_pixels(-job.pixels)
        self._used(job.pixels * PIXEL_BYTES)
        error = None if ended.cancelled() else ended.exception()
        if not job.answer.done():  # else nobody waits, and what was found goes
            if ended.cancelled():
                job.answer.cancel()
            elif error is not None:
                job.answer.set_exception(error)
            else:
                job.answer.set_result(ended.result())
        self._start()

    def _forget(self, job: _Job) -> None:
        """Take out a job that still waits though nobody waits for it."""
        if job in self._lane(job).of(job.tenant):
            self._take_out(job)

    def _take_out(self, job: _Job) -> None:
        self._lane(job).remove(job)
        self._count_waiting(-1)

    def _count_waiting(self, change: int) -> None:
        self._waiting += change
        self._metrics.queue_images.set(self._waiting)

    def _count_pixels(self, change: int) -> None:
        self._pixels += change
        self._metrics.queue_pixels.set(self._pixels)


def _expire(job: _Job) -> None:
    if not job.answer.done():
        job.answer.set_exception(ImageTimeoutError())


def _nothing() -> None:
    """Stand in for work that has been handed over."""
