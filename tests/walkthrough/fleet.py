"""Gateways behind a real nginx that share a real Redis, in front of an upstream: for tests and benchmarks."""

import base64
import contextlib
import http.client
import json
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gateway.demo.services import Service, free_port, own_command, serving

CLIENT_KEY = "sk-client-7f3a91c2d45e"
UPSTREAM_KEY = "sk-upstream-0b8d6e24fa13"

_NGINX = """
daemon off; error_log {folder}/nginx-error.log; pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    access_log off; client_max_body_size 32m; client_body_buffer_size 32m;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream gateways {{ {servers} }}
    server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://gateways; proxy_read_timeout 60s; }} }}
}}
"""


@dataclass(frozen=True)
class Answer:
    """What a caller got."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def flags(self) -> str:
        return self.headers.get("x-jnd-flags", "")


@dataclass(frozen=True)
class Fleet:
    """The replicas, and the one address before them."""

    replicas: list[Service]
    balancer: Service
    folder: Path

    def logs(self) -> str:
        return "".join(each.log.read_text(encoding="utf-8", errors="replace") for each in self.replicas)


def ask(port: int, picture: bytes, *, key: str = CLIENT_KEY, text: str = "What is this?") -> Answer:
    """Ask for a chat completion about a PNG."""
    url = "data:image/png;base64," + base64.b64encode(picture).decode()
    content = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url}}]
    body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": content}]})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
        connection.request("POST", "/v1/chat/completions", body, headers)
        response = connection.getresponse()
        told = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, told, response.read())
    finally:
        connection.close()


@contextlib.contextmanager
def running_replica(
    folder: Path, upstream: int, memory: Mapping[str, Any], **sections: Any
) -> Iterator[Service]:
    """Serve one gateway that knows one client, and holds the upstream's key."""
    port = free_port()
    config = {
        "listen": {"port": port, "drain_seconds": 2},
        "upstream": {
            "base_url": f"http://127.0.0.1:{upstream}/v1",
            "provider": "openai",
            "api_key": UPSTREAM_KEY,
        },
        "models": {"gpt-4o": "gpt-4o"},
        "clients": [{"name": "acme", "key": CLIENT_KEY, "is_trusted": True}],
        "limits": {"image_threads": 2, "image_seconds": 60},
        "memory": dict(memory),
    } | sections
    file = folder / f"gateway-{port}.yaml"
    file.write_text(yaml.safe_dump(config))
    file.chmod(0o600)
    command = [own_command("jnd-gateway"), "serve", "--config", str(file)]
    with serving("gateway", command, port=port, ready_path="/livez", log=folder / f"{port}.log") as service:
        yield service


@contextlib.contextmanager
def running_fleet(
    folder: Path, upstream: int, memory: Mapping[str, Any], replicas: int = 3
) -> Iterator[Fleet]:
    """Serve so many replicas behind one nginx."""
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(replicas) as pool:
        gateways = [running_replica(folder, upstream, memory) for _ in range(replicas)]
        services = list(pool.map(stack.enter_context, gateways))
        balancer = stack.enter_context(_running_nginx(folder, [each.port for each in services]))
        yield Fleet(services, balancer, folder)


def _running_nginx(folder: Path, ports: list[int]) -> contextlib.AbstractContextManager[Service]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    assert program is not None, (
        "nginx is not installed: apt-get install nginx-light, or `tools/set_up.sh peers`"
    )
    port, config = free_port(), folder / "nginx.conf"
    servers = " ".join(f"server 127.0.0.1:{each};" for each in ports)
    config.write_text(_NGINX.format(folder=folder, port=port, servers=servers))
    command = [program, "-p", str(folder), "-c", str(config)]
    return serving("nginx", command, port=port, ready_path="/livez", log=folder / "nginx.log")
