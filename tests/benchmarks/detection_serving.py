"""Start other people's applications on this machine, one at a time, and stop them again."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from detection_application import Application

_START_SECONDS = 150.0


def is_there(application: Application, applications: Path) -> bool:
    """Tell whether it is installed."""
    return (applications / application.program).exists()


@contextmanager
def served(application: Application, applications: Path, own: Path) -> Iterator[str]:
    """Start an application with contents of ours; yield its address.

    Raises:
        LookupError: It does not answer.
    """
    own.mkdir(parents=True, exist_ok=True)
    application.prepare(applications, own)
    port = _free_port()
    command = application.command(applications, own, port)
    bare = {"PATH": os.environ["PATH"], "HOME": str(own)}  # noqa: TID251 - what other programs need to start
    with (
        (own / "log.txt").open("wb") as log,
        subprocess.Popen(command, cwd=own, env=bare, stdout=log, stderr=log) as running,
    ):
        try:
            _wait(f"http://127.0.0.1:{port}/", running)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()
            try:
                running.wait(10)
            except subprocess.TimeoutExpired:
                running.kill()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait(address: str, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and running.poll() is None:
        try:
            urlopen(address, timeout=5).close()  # noqa: S310 - our own
        except HTTPError:
            return
        except OSError:
            time.sleep(0.3)
        else:
            return
    raise LookupError(f"{running.args!r} does not answer")
