"""Start what is measured beside each other: the mock API, and each of those that stand before it.

Every one gets the settings its makers advise for production and one worker; how each is asked differs only
in the headers Portkey wants. Processor time is that of all processes of a server together.

Imports nothing of the package `gateway`: in this folder that is the name of a benchmark.
"""

import contextlib
import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
import yaml
from gateway_mock import Behaviour

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".peers"
HERE = Path(__file__).parent
START_SECONDS = 180.0  # LiteLLM imports for a while on a busy machine
NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_buffer_size 16m;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000;
    upstream api {{ server 127.0.0.1:{upstream}; keepalive 512; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location / {{
            proxy_pass http://api;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Service:
    """A command that listens."""

    port: int
    process: subprocess.Popen[bytes]


@dataclass(frozen=True)
class Server:
    """Something that answers chat completions."""

    service: Service
    headers: Mapping[str, str] = field(default_factory=dict)  # it wants to be asked with

    @property
    def port(self) -> int:
        return self.service.port

    def processes(self) -> list[psutil.Process]:
        """Return all of its processes, the one that was started first."""
        first = psutil.Process(self.service.process.pid)
        return [first, *first.children(recursive=True)]

    def processor_seconds(self) -> float:
        """Return the time its processes have been on a processor."""
        times = [process.cpu_times() for process in self.processes()]
        return sum(each.user + each.system for each in times)

    def resident_bytes(self) -> int:
        """Return the memory its processes hold, pages they share counted in each."""
        return sum(process.memory_info().rss for process in self.processes())


@dataclass(frozen=True)
class Mock:
    """The API behind all of them."""

    service: Service

    @property
    def port(self) -> int:
        return self.service.port

    def behaves(self, behaviour: Behaviour) -> None:
        """Answer like this from now on."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", "/control", json.dumps(asdict(behaviour)))
        connection.getresponse().read()
        connection.close()


def set_up_rivals() -> None:
    """Install the other gateways where they are missing."""
    subprocess.run([ROOT / "tools" / "set_up.sh", "rivals"], check=True, stdout=sys.stderr)


@contextlib.contextmanager
def mock_api(folder: Path) -> Iterator[Mock]:
    port = free_port()
    command = [sys.executable, str(HERE / "gateway_mock.py"), str(port)]
    with serving(command, port, "/", folder / "mock.log") as service:
        yield Mock(service)


@contextlib.contextmanager
def nginx(upstream: int, folder: Path) -> Iterator[Server]:
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, upstream=upstream))
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    with serving([str(program), "-p", str(folder), "-c", str(config)], port, "/", folder / "nginx.log") as it:
        yield Server(it)


@contextlib.contextmanager
def bare(upstream: int, folder: Path) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, str(HERE / "gateway_bare.py"), str(port), str(upstream)]
    with serving(command, port, "/", folder / "bare.log") as it:
        yield Server(it)


@contextlib.contextmanager
def portkey(upstream: int, folder: Path) -> Iterator[Server]:
    port = free_port()
    script = PEERS / "npm" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    node = ["env", "NODE_ENV=production", "TRUSTED_CUSTOM_HOSTS=127.0.0.1,localhost", "node"]
    headers = {
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"http://127.0.0.1:{upstream}/v1",
    }
    command = [*node, str(script), f"--port={port}", "--headless"]
    with serving(command, port, "/", folder / "portkey.log") as it:
        yield Server(it, headers)


@contextlib.contextmanager
def litellm(upstream: int, folder: Path) -> Iterator[Server]:
    port = free_port()
    model = {"model": "openai/gpt-4o", "api_base": f"http://127.0.0.1:{upstream}/v1", "api_key": "none"}
    settings = {
        "model_list": [{"model_name": "gpt-4o", "litellm_params": model}],
        "litellm_settings": {"set_verbose": False, "telemetry": False, "num_retries": 0},
    }
    config = folder / "litellm.yaml"
    config.write_text(yaml.safe_dump(settings))
    # Without a key of its own it has less to do: the measurement gives it that.
    keyless = "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY=true"
    quiet = ["LITELLM_MODE=PRODUCTION", "LITELLM_LOG=ERROR", "LITELLM_LOCAL_MODEL_COST_MAP=True", keyless]
    program = str(PEERS / "litellm" / "bin" / "litellm")
    options = ["--host", "127.0.0.1", "--port", str(port), "--config", str(config), "--num_workers", "1"]
    command = ["env", *quiet, program, *options]
    with serving(command, port, "/health/liveliness", folder / "litellm.log") as it:
        yield Server(it)


@contextlib.contextmanager
def ours(upstream: int, folder: Path, settings: Mapping[str, object] | None = None) -> Iterator[Server]:
    """Start `jnd-gateway serve` from this checkout; `settings` are added to what it needs."""
    port = free_port()
    needed = {
        "listen": {"port": port},
        "upstream": {"base_url": f"http://127.0.0.1:{upstream}/v1", "provider": "openai"},
        "models": {"gpt-4o": "gpt-4o"},
    }
    for section, values in (settings or {}).items():
        needed[section] = needed.get(section, {}) | values if isinstance(values, dict) else values
    config = folder / f"gateway-{port}.yaml"
    config.write_text(yaml.safe_dump(needed))
    command = [sys.executable, "-m", "gateway.cli", "serve", "--config", str(config)]
    environment = ["env", f"PYTHONPATH={ROOT}"]
    with serving([*environment, *command], port, "/livez", folder / f"gateway-{port}.log") as it:
        yield Server(it)


def free_port() -> int:
    """Ask the system for a TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(command: Sequence[str], port: int, ready_path: str, log: Path) -> Iterator[Service]:
    """Start a command, wait until it answers, and stop it at the end with SIGTERM."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            ["env", "OMP_NUM_THREADS=1", *command], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while status(port, ready_path) not in range(200, 500):
            if process.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace")[-2000:]
                raise SystemExit(f"{log.stem} did not start: {command}\n{tail}")
            time.sleep(0.1)
        yield Service(port, process)
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end; kill it when it does not."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def status(port: int, path: str) -> int:
    """Return the status of a page, 0 if nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
