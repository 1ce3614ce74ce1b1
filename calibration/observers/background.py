"""An event loop on a thread of its own, for callers that have none.

Started by the first coroutine; closing it cancels whatever still runs.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class BackgroundLoop:
    """Runs coroutines handed over from any thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start the coroutine; cancelling the future cancels it.

        Raises:
            RuntimeError: The loop is closed.
        """
        with self._lock:
            if self._is_closed:
                work.close()
                raise RuntimeError(f"{self._name}: closed already")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                # A daemon: a caller that dies without closing must not hang at its exit.
                self._thread = threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self, farewell: Coroutine[Any, Any, None]) -> None:
        """Cancel every task, run `farewell`, end the thread; once is enough, twice does no harm."""
        with self._lock:
            loop, thread, self._loop = self._loop, self._thread, None
            self._is_closed = True
        if loop is None or thread is None:
            farewell.close()
            return
        try:
            asyncio.run_coroutine_threadsafe(_finish(farewell), loop).result()
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


async def _finish(farewell: Coroutine[Any, Any, None]) -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await farewell
    await asyncio.get_running_loop().shutdown_default_executor()
