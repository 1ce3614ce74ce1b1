"""Run the product's own commands beside the demo: start, wait until they answer, stop them whatever happens.

Every command is a process of its own, as in a deployment: the gateway must not load the laboratory. Knows
nothing of pictures or answers.
"""

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.1
_STOP_SECONDS = 20.0
_LOG_TAIL_LINES = 20


class ServiceError(RuntimeError):
    """A command of the demo failed; the message ends with the tail of its log."""


@dataclass(frozen=True)
class Service:
    """A running server."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> str:
        """Where it answers, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> tuple[int, bytes]:
        """Fetch a path; status 0 when nothing answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()


@dataclass(frozen=True)
class Job:
    """A command that was started and will end by itself."""

    process: subprocess.Popen[bytes]
    log: Path


def own_command(name: str) -> str:
    """Return the path of a command installed beside this interpreter."""
    command = Path(sys.executable).with_name(name)
    if not command.exists():
        raise ServiceError(f"expected {name} beside {sys.executable}: install the package first")
    return str(command)


def free_port() -> int:
    """Ask the system for a TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(
    name: str, command: Sequence[str], *, port: int, ready_path: str, log: Path, timeout_seconds: float = 90.0
) -> Iterator[Service]:
    """Start a server, wait until `ready_path` answers 200, and stop it with SIGTERM at the end.

    Raises:
        ServiceError: It ended or did not answer in time.
    """
    with log.open("wb") as sink:
        process = _start(command, sink.fileno(), sink.fileno())
    service = Service(name=name, port=port, process=process, log=log)
    try:
        _wait_until_ready(service, ready_path, timeout_seconds)
        yield service
    finally:
        stop(process)


def start_job(command: Sequence[str], *, log: Path) -> Job:
    """Start a command that ends by itself: errors go to `log`, standard output is its result."""
    with log.open("wb") as sink:
        return Job(_start(command, subprocess.PIPE, sink.fileno()), log)


def finish_job(name: str, job: Job, *, accepted: Sequence[int] = (0,), timeout_seconds: float = 240.0) -> str:
    """Wait for a started job and return the last line of its standard output; see `finish_job_lines`."""
    return finish_job_lines(name, job, accepted=accepted, timeout_seconds=timeout_seconds)[-1]


def finish_job_lines(
    name: str, job: Job, *, accepted: Sequence[int] = (0,), timeout_seconds: float = 240.0
) -> list[str]:
    """Wait for a started job and return the lines of its standard output, at least one.

    Raises:
        ServiceError: It took too long, wrote no result, or its exit code is not among `accepted`.
    """
    try:
        output, _ = job.process.communicate(timeout=timeout_seconds)
    except subprocess.TimeoutExpired as error:
        stop(job.process)
        raise ServiceError(
            f"{name} did not end within {timeout_seconds:.0f} s\n{log_tail(job.log)}"
        ) from error
    if job.process.returncode not in accepted:
        raise ServiceError(f"{name} ended with exit code {job.process.returncode}\n{log_tail(job.log)}")
    lines = output.decode("utf-8", errors="replace").strip().splitlines()
    if not lines:
        raise ServiceError(f"{name} ended without a result\n{log_tail(job.log)}")
    return lines


def stop(process: subprocess.Popen[bytes], *, patience_seconds: float = _STOP_SECONDS) -> None:
    """Ask a process to drain and end; kill it only when it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def log_tail(log: Path) -> str:
    """Return the last lines of a log, for a message."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_TAIL_LINES:]
    return "\n".join([f"--- last lines of {log} ---", *lines])


def _start(command: Sequence[str], output: int, errors: int) -> subprocess.Popen[bytes]:
    # One thread each, since they share the cores: threads that wait for each other stall a busy machine.
    # A session of its own: Ctrl-C reaches the demo first, which then stops its children in order.
    return subprocess.Popen(  # noqa: S603 - our own commands, no shell
        ["/usr/bin/env", "OMP_NUM_THREADS=1", *command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        start_new_session=True,
    )


def _wait_until_ready(service: Service, ready_path: str, timeout_seconds: float) -> None:
    deadline = time.monotonic() + timeout_seconds
    while service.get(ready_path)[0] != http.HTTPStatus.OK:
        if (code := service.process.poll()) is not None:
            raise ServiceError(f"{service.name} ended with exit code {code}\n{log_tail(service.log)}")
        if time.monotonic() > deadline:
            raise ServiceError(
                f"{service.name} did not answer {ready_path} within {timeout_seconds:.0f} s\n"
                f"{log_tail(service.log)}"
            )
        time.sleep(_POLL_SECONDS)
