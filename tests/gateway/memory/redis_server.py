"""A real Redis of one's own, for tests: started on a free port, killed, restarted, told to misbehave."""

import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis, RedisError

from gateway.demo.services import free_port

_PATIENCE_SECONDS = 20.0


class RedisServer:
    """One server; keeps nothing over a restart."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self._folder = folder
        self._options = options
        self._password = options[options.index("--requirepass") + 1] if "--requirepass" in options else None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        with (self._folder / f"redis-{self.port}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--dir", str(self._folder), "--bind", "127.0.0.1", *self._options],
                stdout=log,
                stderr=log,
            )
        self.wait_until(self._answers)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def client(self, **options: Any) -> Redis:
        return Redis(port=self.port, **{"password": self._password, **options})

    @staticmethod
    def wait_until(is_true: Any, seconds: float = _PATIENCE_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not is_true():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.02)

    def _answers(self) -> bool:
        with contextlib.suppress(RedisError, OSError), self.client() as client:
            client.connection_pool.get_connection().disconnect()
            return True
        return False


@contextlib.contextmanager
def running_redis(folder: Path, *options: str) -> Iterator[RedisServer]:
    """Serve for the length of the block."""
    if shutil.which("redis-server") is None:
        pytest.fail("redis-server is not installed: apt-get install redis-server, or `tools/set_up.sh peers`")
    server = RedisServer(folder, *options)
    try:
        server.start()
        yield server
    finally:
        server.kill()
