"""The review process as its supervisor sees it: started where flagged images are kept, replaced, ended."""

import asyncio
import logging
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from gateway.review.places import is_anything_kept
from gateway.serving.crew import Backoff
from gateway.serving.handover import MAX_LINE_BYTES, line_of, message_of, settings_message
from gateway.serving.worker_process import WorkerFailedError, in_words
from gateway.settings import Settings

log = logging.getLogger(__name__)

_READY_SECONDS = 60.0
_END_SECONDS = 10.0
_FEW_HEAPS = ("MALLOC_ARENA_MAX=2", "OMP_NUM_THREADS=1")


class ReviewKeeper:
    """Keeps one review process alive, as long as the settings want one."""

    def __init__(self, tasks: asyncio.TaskGroup, backoff: Backoff, on_crash: Callable[[], None]) -> None:
        """Take the task group that outlives it; `on_crash` hears of an end that nobody asked for."""
        self._tasks = tasks
        self._backoff = backoff
        self._on_crash = on_crash
        self._running: _Process | None = None
        self._wanted: Settings | None = None
        self._needs: object = None
        self._again: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Process id, while one runs."""
        return self._running.pid if self._running is not None else None

    async def open(self, settings: Settings) -> None:
        """Start one, if flagged images are kept, or were; while the store's server is away, later.

        Raises:
            WorkerFailedError: It does not get ready: the store or the port cannot be used.
        """
        try:
            await self._begin(settings)
        except WorkerFailedError as error:
            if not isinstance(error, _StoreAwayError) and settings.review.store != "off":
                raise
            log.error("the review page does not run, another try follows: %s", error)
            self._start_again_later(settings)

    async def _begin(self, settings: Settings) -> None:
        self._wanted = settings if is_anything_kept(settings.review) else None
        if self._wanted is not None:
            self._needs = await asyncio.to_thread(_needs, settings)  # before it reads them
            self._running = await _Process.start(settings)
            self._tasks.create_task(self._watch(self._running))

    async def change_to(self, settings: Settings) -> None:
        """Have one with these settings; one that does not get ready is tried again and again."""
        if self._wanted is not None and self._needs == await asyncio.to_thread(_needs, settings):
            return
        await self.end()
        try:
            await self.open(settings)
        except WorkerFailedError as error:
            log.error("the review page does not run, another try follows: %s", error)
            self._start_again_later(settings)

    async def end(self) -> None:
        """End it."""
        self._wanted = None
        if self._again is not None:
            self._again.cancel()
            await asyncio.gather(self._again, return_exceptions=True)
        if self._running is not None:
            await self._running.end()
            self._running = None

    async def _watch(self, process: "_Process") -> None:
        code = await process.ended()
        if self._running is process and self._wanted is not None:
            self._running = None
            log.error("the review process ended with %s: another takes its place", in_words(code))
            self._on_crash()
            self._start_again_later(self._wanted)

    def _start_again_later(self, settings: Settings) -> None:
        self._again = self._tasks.create_task(self._start_again(settings))

    async def _start_again(self, settings: Settings) -> None:
        while self._running is None and self._wanted is settings:
            await asyncio.sleep(self._backoff.next_seconds())
            if self._running is not None or self._wanted is not settings:
                return
            try:
                await self._begin(settings)
            except WorkerFailedError as error:
                log.error("the review page does not run, another try follows: %s", error)


class _StoreAwayError(WorkerFailedError):
    """The store's server does not answer now; it may later."""


class _Process:
    """One running process."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @classmethod
    async def start(cls, settings: Settings) -> "_Process":
        """Start it, and wait until it is ready.

        Raises:
            WorkerFailedError: It does not get that far.
        """
        control, its_control = socket.socketpair()
        with its_control:
            process = await asyncio.create_subprocess_exec(
                *("/usr/bin/env", *_FEW_HEAPS, sys.executable, "-P", "-m", "gateway.serving.review_process"),
                *("--control", str(its_control.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=[its_control.fileno()],
                start_new_session=True,
            )
        started = cls(process, *await asyncio.open_connection(sock=control, limit=MAX_LINE_BYTES))
        try:
            await started._hand_over(settings)
        except asyncio.CancelledError:
            await started.end()  # nobody else knows of it
            raise
        return started

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def ended(self) -> int:
        """Wait for its end, and return its exit code; negative for a signal."""
        code = await self._process.wait()
        self._writer.close()
        return code

    async def end(self) -> None:
        """Tell it to end, and wait for that; kill it where it takes too long."""
        self._writer.close()
        try:
            await asyncio.wait_for(self._process.wait(), _END_SECONDS)
        except TimeoutError:
            log.error("the review process did not end in time and is killed")
            self._process.kill()
            await self._process.wait()

    async def _hand_over(self, settings: Settings) -> None:
        try:
            async with asyncio.timeout(_READY_SECONDS):
                self._writer.write(line_of(settings_message(settings)))
                line = await self._reader.readline()
        except (TimeoutError, ConnectionError):
            line = b""
        message = message_of(line) if line else {}
        if "ready" not in message:
            await self.end()
            if "later" in message:
                raise _StoreAwayError(message["later"])
            code = in_words(self._process.returncode or 0)
            raise WorkerFailedError(message.get("failed") or f"the review process ended with {code}")


def _needs(settings: Settings) -> object:
    """Return what the process depends on: some of the settings, and files that may be written anew."""
    said = (settings.review, settings.policy.allow_file, settings.artifact, settings.limits)
    read = [each for each in (settings.detection.calibration, settings.artifact) if each is not None]
    files = [file for each in read for file in (each, *sorted(each.rglob("*")))]
    return said, settings.detection, [_state(file) for file in files]


def _state(file: Path) -> object:
    try:
        found = file.stat()
    except OSError:
        return file, None
    return file, found.st_ino, found.st_size, found.st_mtime_ns
