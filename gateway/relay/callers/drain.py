"""The requests being answered, so that those left when a drain is over can be told.

Whoever has had no answer yet gets an error in its dialect; an answer that has started is cut visibly, never
ended as if it were whole. Knows nothing of processes or signals.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import ShuttingDownError
from gateway.relay.exchange import Exchange
from gateway.relay.upstreams.answer import UpstreamCutError


def this_task() -> asyncio.Task[object]:
    """Return the task that answers the present request; looking it up asks the system, so ask once."""
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a request is answered by a task")
    return task


class Drain:
    """Knows the task of every request being answered; used from the event loop only."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self._is_over = False
        self.has_begun = False  # no new requests are wanted

    def begin(self) -> None:
        """Say that no new requests are wanted; those that come are answered all the same."""
        self.has_begun = True

    @contextmanager
    def limiting(self, exchange: Exchange, task: asyncio.Task[object]) -> Iterator[None]:
        """Run the block that answers, in this task, until it ends or the drain is over.

        Raises:
            ShuttingDownError: The drain is over, and no answer has started.
            UpstreamCutError: The drain is over, and a part of the answer is out.
        """
        if self._is_over:
            raise ShuttingDownError
        self._tasks.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if task in self._tasks:  # another's doing: the caller hung up
                raise
            task.uncancel()
            if exchange.status:
                raise UpstreamCutError(ShuttingDownError.kind) from None
            raise ShuttingDownError from None
        finally:
            self._tasks.discard(task)

    def end(self) -> None:
        """Tell everyone who is still being answered, and whoever comes later."""
        self.begin()
        self._is_over = True
        ended = list(self._tasks)
        self._tasks.clear()
        for task in ended:
            task.cancel()
