"""Write the Prometheus rules as the Prometheus operator reads them: `python -m tools.kubernetes_rules`."""

from pathlib import Path

import yaml

DEPLOY = Path(__file__).parents[1] / "deploy"
FILE = DEPLOY / "kubernetes" / "monitoring" / "rules.yaml"
_SOURCES = ("recorded.yml", "rules.yml")
_HEAD = "# Written by `python -m tools.kubernetes_rules` from ../../prometheus: change it there.\n"


def written() -> str:
    """Return the content of the file."""
    texts = [(DEPLOY / "prometheus" / name).read_text(encoding="utf-8") for name in _SOURCES]
    rules = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "jnd-gateway", "namespace": "jnd"},
        "spec": {"groups": [group for text in texts for group in yaml.safe_load(text)["groups"]]},
    }
    return _HEAD + yaml.safe_dump(rules, sort_keys=False, width=110, allow_unicode=True)


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
