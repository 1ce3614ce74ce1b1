"""A gateway, and a Prometheus that watches it on the configuration that ships: addresses and pace apart."""

import json
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

import yaml

from gateway.demo.services import Service, free_port, own_command, serving
from tests.walkthrough.deployment import PROMETHEUS
from tests.walkthrough.traffic import KEY, OTHER_KEY

SCRAPE_SECONDS = 1


@dataclass(frozen=True)
class Monitoring:
    """A Prometheus that has watched a gateway under traffic."""

    prometheus: Service

    def api(self, path: str, **parameters: str):
        status, body = self.prometheus.get(f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        answer = json.loads(body)
        assert status == 200, answer
        return answer["data"]

    def values(self, expression: str) -> list[float]:
        return [float(sample["value"][1]) for sample in self.api("query", query=expression)["result"]]


def running_gateway(folder: Path, upstream: int):
    port = free_port()
    config = {
        "listen": {"port": port},
        "upstream": {"base_url": f"http://127.0.0.1:{upstream}/v1", "provider": "openai"},
        "models": {"gpt-4o": "gpt-4o"},
        "policy": {"on_failure": "forward"},
        "policies": {"watch": {"compression": "observe"}},
        "compression": {"tier": "lean", "shadow_audit": {"share": 1, "state": str(folder / "audit")}},
        "clients": [
            {"name": "acme", "key": KEY, "is_trusted": True},
            {"name": "globex", "key": OTHER_KEY},
        ],
    }
    (folder / "gateway.yaml").write_text(yaml.safe_dump(config))
    command = [own_command("jnd-gateway"), "serve", "--config", str(folder / "gateway.yaml")]
    return serving("the gateway", command, port=port, ready_path="/readyz", log=folder / "gateway.log")


def running_prometheus(folder: Path, gateway: int):
    """Start Prometheus on the shipped configuration; only addresses and the pace are replaced."""
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    config["global"] = dict.fromkeys(config["global"], f"{SCRAPE_SECONDS}s")
    config["rule_files"] = [str(PROMETHEUS / name) for name in config["rule_files"]]
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{gateway}"]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    return serving("Prometheus", command, port=port, ready_path="/-/ready", log=folder / "prometheus.log")
