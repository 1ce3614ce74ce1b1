"""One worker as its supervisor sees it: started, ready, told to drain, ended."""

import asyncio
import contextlib
import logging
import socket
import sys
from dataclasses import dataclass

from gateway.memory.picture_server import PackedPicture, serve_pictures
from gateway.memory.seen_pictures import SeenPictures
from gateway.serving.balance import Occupancy
from gateway.serving.handover import MAX_LINE_BYTES, line_of, message_of, settings_message
from gateway.serving.metric_files import VARIABLE, MetricFiles
from gateway.settings import Settings

log = logging.getLogger(__name__)

READY_SECONDS = 180.0  # to load the predictor on a busy machine
_PICTURE_BUFFER_BYTES = 1024 * 1024

# glibc keeps a heap per thread, and in each what large pictures left: see `calibration.freed_memory`.
_FEW_HEAPS = "MALLOC_ARENA_MAX=2"
_ONE_THREAD = "OMP_NUM_THREADS=1"  # pictures are spread over threads already


class WorkerFailedError(Exception):
    """A worker ended or stayed silent instead of getting ready; the message says what is known."""


@dataclass(frozen=True)
class Employer:
    """What every worker of one supervisor is given."""

    listener: socket.socket
    pictures: SeenPictures[PackedPicture]
    metrics: MetricFiles
    occupancy: Occupancy
    pipeline: str  # module:function that loads it


class WorkerProcess:
    """A running worker."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        place: int,
    ) -> None:
        self.place = place  # its own among all workers alive
        self._process = process
        self._reader = reader
        self._writer = writer

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def give(self, settings: Settings) -> None:
        """Hand the settings over, and wait until it answers requests.

        Raises:
            WorkerFailedError: It does not get that far.
        """
        try:
            async with asyncio.timeout(READY_SECONDS):
                self._writer.write(line_of(settings_message(settings)))
                line = await self._reader.readline()
        except TimeoutError as error:
            self.kill()
            raise WorkerFailedError(f"it was not ready within {READY_SECONDS:.0f} s") from error
        except ConnectionError:
            line = b""
        message = message_of(line) if line else {}
        if "ready" not in message:
            code = await self.ended()
            raise WorkerFailedError(message.get("failed") or f"it ended with {in_words(code)}")

    def drain(self, linger_seconds: float) -> None:
        """Tell it to finish what it is answering, and to end."""
        self._say({"do": "drain", "linger_seconds": linger_seconds})

    def hurry(self) -> None:
        """Tell it to end its drain."""
        self._say({"do": "hurry"})

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def ended(self) -> int:
        """Wait for its end, and return its exit code; negative for a signal."""
        code = await self._process.wait()
        self._writer.close()
        return code

    def _say(self, message: dict[str, object]) -> None:
        if not self._writer.is_closing():
            self._writer.write(line_of(message))


async def start_worker(employer: Employer, tasks: asyncio.TaskGroup, place: int) -> WorkerProcess:
    """Start a worker that waits for its settings."""
    control, its_control = socket.socketpair()
    pictures, its_pictures = socket.socketpair()
    with its_control, its_pictures:
        process = await _spawn(employer, its_control, its_pictures, place)
    reader, writer = await asyncio.open_connection(sock=control, limit=MAX_LINE_BYTES)
    ends = await asyncio.open_connection(sock=pictures, limit=_PICTURE_BUFFER_BYTES)
    tasks.create_task(serve_pictures(*ends, employer.pictures))
    return WorkerProcess(process, reader, writer, place)


async def _spawn(
    employer: Employer, control: socket.socket, pictures: socket.socket, place: int
) -> asyncio.subprocess.Process:
    listener = employer.listener
    sockets = {"listener": listener, "control": control, "pictures": pictures}
    options = [word for name, each in sockets.items() for word in (f"--{name}", str(each.fileno()))]
    variables = [_FEW_HEAPS, _ONE_THREAD, f"{VARIABLE}={employer.metrics.folder}"]
    # A session of its own: Ctrl-C reaches the supervisor alone, which drains its workers in order.
    return await asyncio.create_subprocess_exec(
        *("/usr/bin/env", *variables, sys.executable, "-P", "-m", "gateway.serving.worker", *options),
        *("--metrics", str(employer.metrics.folder), "--pipeline", employer.pipeline),
        *("--place", str(place)),
        stdin=asyncio.subprocess.DEVNULL,
        pass_fds=[each.fileno() for each in sockets.values()],
        start_new_session=True,
    )


def in_words(code: int) -> str:
    """Say how a process ended."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"
