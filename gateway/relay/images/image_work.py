"""Take one image of a request through the pipeline without holding up anybody.

It is read on a thread. What was met before does not wait; all else does, in the queue, as long as it may.
Whoever is on a thread already recalls what this process met before there: two changes of thread fewer. That
thread is one for all requests, so what other machines may know is asked for here, each image on its own.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from gateway.dialects.reading.data_url import Inline
from gateway.pipeline import Asked, ImageOutcome, Pipeline
from gateway.relay.images.image_queue import ImageQueue

T = TypeVar("T")


@dataclass(frozen=True)
class Fresh:
    """An image that was not met before, and has to be worked on."""

    inline: Inline
    pixels: int


@dataclass(frozen=True)
class ImageWork:
    """The pipeline with the queue before it."""

    pipeline: Pipeline
    queue: ImageQueue
    image_seconds: float
    request_seconds: float

    def request_deadline(self) -> float:
        """Return when the images of a request that comes now must be done, for `Asked.deadline`."""
        return time.monotonic() + self.request_seconds

    async def take(
        self,
        read: Callable[[], Inline],
        finish: Callable[[Inline, ImageOutcome], T],
        asked: Asked,
        *,
        met: T | Fresh | None = None,
    ) -> T:
        """Return what `finish` makes of the outcome; it and `read` run on threads.

        `met` is what `recall_near` returned, if that was asked.

        Raises:
            ImageError: It is no image within the limits.
            ImageTimeoutError: Its time, or that of its request, was over first.
            QueueFullError: Too many images wait.
        """
        deadline = min(asked.deadline, time.monotonic() + self.image_seconds)
        if met is None:
            met = await asyncio.to_thread(self.recall, read, finish, asked)
        elif isinstance(met, Fresh) and self.pipeline.cache.asks_others:
            inline = met.inline
            met = await asyncio.to_thread(self.recall, lambda: inline, finish, asked)
        if not isinstance(met, Fresh):
            return met
        return await self._in_turn(met, finish, replace(asked, deadline=deadline))

    async def take_again(
        self, read: Callable[[], Inline], finish: Callable[[Inline, ImageOutcome], T], asked: Asked
    ) -> T:
        """Do the same for an image that was looked at in this request: it may take as long as the request.

        Raises:
            ImageTimeoutError: The time of the request was over first.
            QueueFullError: Too many images wait.
        """
        met = await asyncio.to_thread(self.recall, read, finish, asked)
        return await self._in_turn(met, finish, asked) if isinstance(met, Fresh) else met

    async def _in_turn(self, fresh: Fresh, finish: Callable[[Inline, ImageOutcome], T], asked: Asked) -> T:
        return await self.queue.run(
            lambda: self._process(fresh.inline, finish, asked),
            tenant=asked.tenant,
            pixels=fresh.pixels,
            deadline=asked.deadline,
        )

    def recall(
        self, read: Callable[[], Inline], finish: Callable[[Inline, ImageOutcome], T], asked: Asked
    ) -> T | Fresh:
        """Return what `finish` makes of an image met before, or that this one is new; may wait for others.

        Raises:
            ImageError: It is no image within the limits.
        """
        return self._recalled(self.pipeline.recall, read, finish, asked)

    def recall_near(
        self, read: Callable[[], Inline], finish: Callable[[Inline, ImageOutcome], T], asked: Asked
    ) -> T | Fresh:
        """Do the same for what this process met; waits for nobody, and is not for the event loop either.

        Raises:
            ImageError: It is no image within the limits.
        """
        return self._recalled(self.pipeline.recall_near, read, finish, asked)

    def _recalled(
        self,
        recall: Callable[[bytes, str, Asked], ImageOutcome | None],
        read: Callable[[], Inline],
        finish: Callable[[Inline, ImageOutcome], T],
        asked: Asked,
    ) -> T | Fresh:
        inline = read()
        known = recall(inline.data, inline.media_type, asked)
        return Fresh(inline, self.pipeline.pixels_of(inline.data)) if known is None else finish(inline, known)

    def _process(self, inline: Inline, finish: Callable[[Inline, ImageOutcome], T], asked: Asked) -> T:
        return finish(inline, self.pipeline.process(inline.data, inline.media_type, asked))


async def together(works: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Do all of it at once; when one fails, or nobody waits any longer, the others are given up."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
