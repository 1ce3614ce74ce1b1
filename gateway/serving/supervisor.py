"""The process that `jnd-gateway serve` is: it opens the port, keeps workers alive, and obeys signals.

    SIGTERM, SIGINT   drain and end; a second one ends the drain
    SIGHUP            read the settings again; workers that have them take over before the old ones drain

It holds what workers share, the memory of seen pictures, and loads no predictor. Beside the workers runs one
process that looks after flagged images, where those are kept.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from gateway.logs import configure_logging
from gateway.memory.seen_pictures import SeenPictures
from gateway.serving.balance import FILE_NAME, Occupancy
from gateway.serving.crew import Backoff, Crew
from gateway.serving.listener import address_of, listen_on
from gateway.serving.metric_files import MetricFiles
from gateway.serving.review_keeper import ReviewKeeper
from gateway.serving.worker_process import Employer, WorkerFailedError
from gateway.settings import Settings
from gateway.settings_file import SettingsError

log = logging.getLogger(__name__)

LOAD_PIPELINE = "gateway.assembly:load_pipeline"


def supervise(
    read_settings: Callable[[], Settings],
    *,
    announce: Callable[[Settings], None],
    source: str = "the settings",
    pipeline: str = LOAD_PIPELINE,
) -> None:
    """Serve until told to end.

    Args:
        read_settings: Called now, and at every SIGHUP.
        announce: Called once the port is open, before anything is loaded.
        source: What a reload reads, for the log.
        pipeline: `module:function` that a worker calls with its settings and the memory of pictures.

    Raises:
        SettingsError: The settings cannot be used.
        CannotListenError: The port cannot be opened.
        NoTemporaryFolderError: There is no place for temporary files.
        WorkerFailedError: No worker gets ready, because of a damaged predictor for instance.
    """
    settings = read_settings()
    with contextlib.closing(listen_on(settings.listen.host, settings.listen.port)) as listener:
        announce(settings)
        configure_logging()
        metrics = MetricFiles.make()
        try:
            supervisor = _Supervisor(settings, Source(source, read_settings), listener, metrics, pipeline)
            asyncio.run(supervisor.run())
        finally:
            metrics.remove()
    if supervisor.failure is not None:
        raise supervisor.failure


@dataclass(frozen=True)
class Source:
    """Where settings come from."""

    name: str
    read: Callable[[], Settings]


class _Supervisor:
    """One run of it."""

    def __init__(
        self,
        settings: Settings,
        source: Source,
        listener: socket.socket,
        metrics: MetricFiles,
        pipeline: str,
    ) -> None:
        self._settings = settings
        self._source = source
        self._address = address_of(listener)
        kept = settings.near_duplicate
        pictures = SeenPictures[Any](
            kept.max_entries, kept.ttl_seconds, time.monotonic, max_bytes=kept.max_bytes
        )
        occupancy = Occupancy(metrics.folder / FILE_NAME)
        self._employer = Employer(listener, pictures, metrics, occupancy, pipeline)
        self._stop = asyncio.Event()
        self._reload = asyncio.Event()

        self.failure: WorkerFailedError | None = None

    async def run(self) -> None:
        self._make_numbers_known()
        async with asyncio.TaskGroup() as tasks:
            crew = Crew(self._employer, tasks, Backoff(time.monotonic), self._count_crash)
            review = ReviewKeeper(tasks, Backoff(time.monotonic), self._count_crash)
            self._listen_to_signals(crew)
            try:
                # First: it makes the store that the workers write to.
                await self._unless_stopped(review.open(self._settings))
                await self._unless_stopped(crew.open(self._settings))
                if not self._stop.is_set():
                    log.info("running on %s with workers %s", self._address, crew.pids)
                await self._obey(crew, review)
            except WorkerFailedError as error:
                self.failure = error
            self._employer.listener.close()
            await crew.end()
            await review.end()

    def _listen_to_signals(self, crew: Crew) -> None:
        def stop() -> None:
            if self._stop.is_set():
                crew.hurry()
            self._stop.set()

        def reload() -> None:
            log.info("reloading %s", self._source.name)  # now: new workers may take long to load
            self._reload.set()

        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stop)
        loop.add_signal_handler(signal.SIGINT, stop)
        loop.add_signal_handler(signal.SIGHUP, reload)

    async def _obey(self, crew: Crew, review: ReviewKeeper) -> None:
        """Reload as often as told, until told to stop."""
        while not self._stop.is_set():
            await self._unless_stopped(self._reload.wait())
            if self._reload.is_set():
                self._reload.clear()
                await self._unless_stopped(self._change(crew, review))

    async def _change(self, crew: Crew, review: ReviewKeeper) -> None:
        try:
            settings = await asyncio.to_thread(self._source.read)
            await crew.change_to(settings)
        except SettingsError as error:
            log.error("not reloaded, the settings from before stay in use: %s", error)
            self._count_reload("refused")
            return
        except WorkerFailedError as error:
            log.error("not reloaded, the settings from before stay in use: a worker did not start: %s", error)
            self._count_reload("failed")
            return
        await review.change_to(settings)
        self._take_over(settings)
        log.info("reloaded: workers %s answer on %s", crew.pids, self._address)
        self._count_reload("done")

    def _take_over(self, settings: Settings) -> None:
        before, now = self._settings.listen, settings.listen
        if (before.host, before.port) != (now.host, now.port):
            log.warning("listen.host and listen.port need a restart: still running on %s", self._address)
        kept = settings.near_duplicate
        self._employer.pictures.bound(kept.max_entries, kept.ttl_seconds, kept.max_bytes)
        self._settings = settings

    async def _unless_stopped(self, work: Coroutine[Any, Any, object]) -> None:
        """Do something, or leave off when told to stop."""
        task = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if task.done():
            await task
            return
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    def _count_crash(self, amount: float = 1.0) -> None:
        self._employer.metrics.count("jnd_worker_crashes", "Workers that ended unasked.", {}, amount=amount)

    def _count_reload(self, outcome: str, amount: float = 1.0) -> None:
        self._employer.metrics.count("jnd_reloads", "SIGHUPs heard.", {"outcome": outcome}, amount=amount)

    def _make_numbers_known(self) -> None:
        """Have every number there at zero, so that a rate over the first event is not missed."""
        self._count_crash(0.0)
        for outcome in ("done", "refused", "failed"):
            self._count_reload(outcome, 0.0)
