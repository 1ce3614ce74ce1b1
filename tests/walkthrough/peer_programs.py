"""Where `make peers` keeps other people's programs, and a gateway for them to meet."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from gateway.demo.services import Service, free_port, own_command, serving

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".peers"
ADVICE = "run `make peers`, or `tools/set_up.sh peers`"


def peer(*parts: str) -> Path:
    """Return a program or folder of the peers."""
    found = PEERS.joinpath(*parts)
    assert found.exists(), f"{found} is missing: {ADVICE}"
    return found


@contextlib.contextmanager
def running_gateway(folder: Path, address: str, **settings: Any) -> Iterator[Service]:
    """Serve in front of an API that speaks every dialect; `settings` replace whole sections."""
    port = free_port()
    named = ("anthropic", "ollama")
    chosen: dict[str, Any] = {
        "listen": {"port": port},
        "upstream": {"base_url": f"{address}/v1", "provider": "openai"},
        "upstreams": [
            {"name": name, "prefix": f"/{name}", "base_url": address, "provider": name} for name in named
        ],
        "models": {"m": "gpt-4o"},
    } | settings
    config = folder / f"gateway-{port}.yaml"
    config.write_text(yaml.safe_dump(chosen))
    command = [own_command("jnd-gateway"), "serve", "--config", str(config)]
    with serving("gateway", command, port=port, ready_path="/livez", log=folder / f"{port}.log") as service:
        yield service


def images_seen(gateway: Service) -> float:
    """Return how many pictures the gateway has met."""
    _, page = gateway.get("/metrics")
    lines = [line for line in page.decode().splitlines() if line.startswith("jnd_images_total")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)
