"""Measure that no request can hurt the others: health checks, memory, thumbnails while hostile callers try.

`jnd-gateway serve` with one worker gets batches of large bodies, of JSON that is slow to read and of pictures
that are small in bytes alone. Meanwhile /livez is asked every 20 ms, and an nginx beside it, which shows what
the machine itself takes; memory is watched until a minute after the last answer.

    python tests/benchmarks/gateway_hostile.py [--only large,json]
"""

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import gateway_servers
from gateway_mock import Behaviour

HERE = Path(__file__).parent
EVERY_SECONDS = 0.02
MEBIBYTE = 1024 * 1024
QUEUE_BYTES = 256 * MEBIBYTE  # the defaults of limits.queue_bytes and queue_pixels
QUEUE_PIXELS = 100_000_000
BATCH_PIXELS = {"pictures": 8 * 49_000_000, "thumbnail": 2 * 49_000_000, "everything": 8 * 49_000_000}
UPSTREAM_SECONDS = {"waiting": 3.0}
BASE_BYTES = 600_000_000  # a worker may hold without any request
NGINX_LATE_MS = 50.0
THUMBNAIL_SECONDS = 2.0
NGINX = """
daemon off;
worker_processes 1;
pid {folder}/alive.pid;
error_log stderr error;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/alive-body;
    proxy_temp_path {folder}/alive-proxy;
    fastcgi_temp_path {folder}/alive-fastcgi;
    uwsgi_temp_path {folder}/alive-uwsgi;
    scgi_temp_path {folder}/alive-scgi;
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 "alive"; }} }}
}}
"""


def worker_bytes(gateway: gateway_servers.Server) -> int:
    """Return the memory of the one worker: its supervisor is smaller."""
    return max(process.memory_info().rss for process in gateway.processes())


@dataclass
class Watch:
    """What is seen from outside while something goes on."""

    gateway: gateway_servers.Server
    nginx_port: int
    late_ms: dict[str, list[float]] = field(default_factory=lambda: {"gateway": [], "nginx": []})
    peak_bytes: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def poll(self, name: str, port: int) -> None:
        """Ask at fixed times; an answer is as late as it comes after it was due."""
        due = time.perf_counter()
        while not self.is_over.is_set():
            status = gateway_servers.status(port, "/livez")
            late = (time.perf_counter() - due) * 1000
            self.late_ms[name].append(late if status == 200 else 60_000.0)
            now = time.perf_counter()
            due = max(due + EVERY_SECONDS, now)
            time.sleep(due - now)

    def weigh(self) -> None:
        while not self.is_over.wait(EVERY_SECONDS):
            self.peak_bytes = max(self.peak_bytes, worker_bytes(self.gateway))

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        threads = [
            threading.Thread(target=self.poll, args=("gateway", self.gateway.port)),
            threading.Thread(target=self.poll, args=("nginx", self.nginx_port)),
            threading.Thread(target=self.weigh),
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.is_over.set()
            for thread in threads:
                thread.join()

    def percentile(self, name: str, percent: int) -> float:
        return round(statistics.quantiles(self.late_ms[name], n=100)[percent - 1], 1)


@dataclass(frozen=True)
class Stage:
    """All that takes part."""

    mock: gateway_servers.Mock
    gateway: gateway_servers.Server
    nginx_port: int
    attacker: "subprocess.Popen[str]"

    def say(self, line: str) -> str:
        assert self.attacker.stdin is not None
        assert self.attacker.stdout is not None
        self.attacker.stdin.write(line + "\n")
        self.attacker.stdin.flush()
        return self.attacker.stdout.readline()


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        mock = stack.enter_context(gateway_servers.mock_api(folder))
        gateway = stack.enter_context(gateway_servers.ours(mock.port, folder))
        port = gateway_servers.free_port()
        config = folder / "alive.conf"
        config.write_text(NGINX.format(folder=folder, port=port))
        command = ["/usr/sbin/nginx", "-p", str(folder), "-c", str(config)]
        stack.enter_context(gateway_servers.serving(command, port, "/livez", folder / "alive.log"))
        attacker = subprocess.Popen(
            [sys.executable, str(HERE / "gateway_hostile_requests.py"), str(gateway.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(gateway_servers.ROOT), "OMP_NUM_THREADS": "1"},
        )
        try:
            yield Stage(mock, gateway, port, attacker)
        finally:
            attacker.kill()
            attacker.wait()


def measure(batch: str, on: Stage) -> dict[str, object]:
    on.mock.behaves(Behaviour(delay_seconds=UPSTREAM_SECONDS.get(batch, 0.05)))
    on.say(batch)  # makes it, which takes seconds
    watch = Watch(on.gateway, on.nginx_port)
    with watch.watching():
        sent = json.loads(on.say("go"))
    allowed = BASE_BYTES + 3 * min(sent["body_bytes"], QUEUE_BYTES)
    allowed += 12 * min(BATCH_PIXELS.get(batch, 0), QUEUE_PIXELS)
    above = watch.percentile("gateway", 99) - watch.percentile("nginx", 99)
    return sent | {
        "livez_p99_ms": watch.percentile("gateway", 99),
        "livez_worst_ms": round(max(watch.late_ms["gateway"]), 1),
        "nginx_p99_ms": watch.percentile("nginx", 99),
        "livez_p99_above_nginx_ms": round(above, 1),
        "polls": len(watch.late_ms["gateway"]),
        "peak_mb": watch.peak_bytes // 1_000_000,
        "allowed_mb": allowed // 1_000_000,
    }


def judge(batches: dict[str, dict[str, object]], after_minute_mb: float) -> dict[str, bool]:
    """Say which floors hold."""
    found = list(batches.values())
    statuses = {status for each in found for status in each["statuses"]}
    small = [each["named_seconds"]["thumbnail"] for each in found if each["named_seconds"]]
    return {
        "livez": all(each["livez_p99_above_nginx_ms"] <= NGINX_LATE_MS for each in found),
        "memory": all(each["peak_mb"] <= each["allowed_mb"] for each in found),
        "memory_given_back": after_minute_mb <= BASE_BYTES / 1e6,
        "thumbnail": all(seconds <= THUMBNAIL_SECONDS for seconds in small),
        "no_failure_of_ours": all(status.isdigit() and int(status) < 500 for status in statuses),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="large,json,pictures,waiting,thumbnail,everything")
    parser.add_argument("--rest-seconds", type=float, default=60.0, help="before memory is weighed again")
    options = parser.parse_args()
    with stage() as on:
        base = worker_bytes(on.gateway)
        batches = {}
        for batch in options.only.split(","):
            batches[batch] = measure(batch, on)
            print(batch, json.dumps(batches[batch]), file=sys.stderr, flush=True)
        time.sleep(options.rest_seconds)
        after = worker_bytes(on.gateway)
    floors = judge(batches, after / 1e6)
    result = {
        "benchmark": "gateway_hostile",
        "batches": batches,
        "resident_mb_at_start": base // 1_000_000,
        "resident_mb_after_rest": after // 1_000_000,
        "floors": floors,
        "pass": all(floors.values()),
    }
    print(json.dumps(result))
    return 0 if result["pass"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
