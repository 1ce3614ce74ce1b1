"""Write the Prometheus rules as the Prometheus operator reads them: `python -m tools.kubernetes_rules`.

Their runbooks are where your people find them: `--runbooks https://wiki.example.com/runbooks`. Without it the
address is a placeholder, of the Grafana that the charts of the operator's community install.
"""

import argparse
from pathlib import Path

import yaml

DEPLOY = Path(__file__).parents[1] / "deploy"
FILE = DEPLOY / "kubernetes" / "monitoring" / "rules.yaml"
_SOURCES = ("recorded.yml", "rules.yml")
_OF_COMPOSE = "http://localhost:3000/public/runbooks"
RUNBOOKS = "http://grafana.monitoring.svc/public/runbooks"
_HEAD = "# Written by `python -m tools.kubernetes_rules` from ../../prometheus: change it there.\n"


def written(runbooks: str = RUNBOOKS) -> str:
    """Return the content of the file; `runbooks` is the address below which each alert has its page."""
    texts = [_source(name).replace(_OF_COMPOSE, runbooks.rstrip("/")) for name in _SOURCES]
    rules = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "jnd-gateway", "namespace": "jnd"},
        "spec": {"groups": [group for text in texts for group in yaml.safe_load(text)["groups"]]},
    }
    return _HEAD + yaml.safe_dump(rules, sort_keys=False, width=110, allow_unicode=True)


def _source(name: str) -> str:
    return (DEPLOY / "prometheus" / name).read_text(encoding="utf-8")


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description="Write deploy/kubernetes/monitoring/rules.yaml.")
    parser.add_argument(
        "--runbooks", default=RUNBOOKS, metavar="URL", help="where the pages of deploy/runbooks are served"
    )
    parser.add_argument("--out", type=Path, default=FILE, metavar="FILE")
    asked = parser.parse_args()
    asked.out.write_text(written(asked.runbooks), encoding="utf-8")


if __name__ == "__main__":
    main()
