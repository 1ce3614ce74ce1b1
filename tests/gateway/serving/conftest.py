"""A whole gateway of real processes, whose workers judge images without a predictor."""

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from gateway.demo.services import free_port
from tests.gateway.conftest import Server

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Running(Server):
    """A gateway of several processes, and the file of its settings."""

    process: subprocess.Popen[bytes]
    config: Path
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def workers(self) -> list[psutil.Process]:
        return [child for child in psutil.Process(self.process.pid).children() if is_worker(child)]

    def artifact(self) -> str:
        """Of the worker that answers, with its process id."""
        return str(orjson.loads(self.ask("GET", "/readyz").body)["artifact"])

    def worker_that_answers(self) -> int:
        return int(self.artifact().split()[-1])

    def write(self, **sections: Any) -> None:
        """Write other settings; JSON is YAML."""
        self.config.write_bytes(orjson.dumps(sections))

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def says(self, words: str, seconds: float = 30.0) -> bool:
        return holds(lambda: words in self.log, seconds)


def is_worker(process: psutil.Process) -> bool:
    try:
        return "gateway.serving.worker" in process.cmdline()
    except psutil.NoSuchProcess:  # it ended just now
        return False


def holds(fact: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Tell whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def running(upstream_server: Server, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """A factory: settings by section in, a gateway of processes that answers out."""
    with ExitStack() as stack:

        def start(**sections: Any) -> Running:
            port = free_port()
            listen = {"port": port, "workers": 2, "drain_seconds": 5} | sections.pop("listen", {})
            base = {"base_url": f"http://127.0.0.1:{upstream_server.port}/v1", "provider": "openai"}
            gateway = start_gateway(tmp_path, port, listen=listen, upstream=base, **sections)
            stack.enter_context(ended(gateway))
            holds(lambda: "running on" in gateway.log or gateway.process.poll() is not None, 60)
            assert "running on" in gateway.log, gateway.log
            return gateway

        yield start


def start_gateway(folder: Path, port: int, **sections: Any) -> Running:
    config, log_file = folder / "gateway.yaml", folder / "gateway.log"
    config.write_bytes(orjson.dumps(sections))
    with log_file.open("wb") as sink:
        process = subprocess.Popen(
            [
                "/usr/bin/env",
                f"PYTHONPATH={ROOT}",
                sys.executable,
                "-m",
                "tests.gateway.serving.stand_in",
                str(config),
            ],
            stdout=sink,
            stderr=sink,
            cwd=ROOT,
        )
    return Running(port, process, config, log_file)


@contextmanager
def ended(gateway: Running) -> Iterator[None]:
    """End the gateway, and whatever a failed test left of it."""
    try:
        yield
    finally:
        left = gateway.workers() if gateway.process.poll() is None else []
        gateway.process.kill()
        gateway.process.wait()
        for worker in left:
            if worker.is_running():
                worker.kill()


@dataclass
class Load:
    """Callers who ask without a break over connections they keep, and what they were told."""

    statuses: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def call(self, port: int) -> None:
        while not self.stopped.is_set():
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
                self._use(connection)

    def _use(self, connection: http.client.HTTPConnection) -> None:
        while not self.stopped.is_set():
            try:
                connection.request("POST", "/v1/chat/completions", b'{"model":"m"}')
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                return
            self.statuses.append(response.status)
            time.sleep(0.01)
            if response.will_close:
                return


@contextmanager
def load(port: int, callers: int = 4) -> Iterator[Load]:
    """Keep a gateway busy for the length of the block."""
    found = Load()
    threads = [threading.Thread(target=found.call, args=(port,)) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        found.stopped.set()
        for thread in threads:
            thread.join()


def read_until(response: http.client.HTTPResponse, wanted: bytes) -> bytes:
    """Read from a stream until it has brought these bytes."""
    read = b""
    while not read.endswith(wanted):
        piece = response.read(1)
        assert piece, read
        read += piece
    return read
