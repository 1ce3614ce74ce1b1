"""What deploy/ says, read for the tests: the dashboard's queries, the alert rules, the names they use."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "jnd-gateway.json"
RULES = DEPLOY / "prometheus" / "rules.yml"

_COMPARISON = re.compile(r"\s*(>|<|>=|<=|==|!=)\s*[0-9.]+\s*$")
_METRIC = re.compile(r"\b(?:jnd|gen_ai_client)_\w+")


@dataclass(frozen=True)
class Query:
    """One PromQL expression and where it stands."""

    place: str
    expression: str

    def metrics(self) -> set[str]:
        return set(_METRIC.findall(self.expression))


def panels() -> list[dict]:
    return json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]


def panel_queries() -> list[Query]:
    return [
        Query(f"{panel['title']} [{target['refId']}]", target["expr"])
        for panel in panels()
        for target in panel["targets"]
    ]


def alert_rules() -> list[dict]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def rule_queries() -> list[Query]:
    """Return what each alert compares, without the comparison at the end."""
    return [Query(rule["alert"], _COMPARISON.sub("", rule["expr"])) for rule in alert_rules()]


def substitute(expression: str, *, interval: str, window: str) -> str:
    """Fill in what Grafana fills in: its variables."""
    values = {"$__rate_interval": interval, "$__range": window, "$model": ".*"}
    for name, value in values.items():
        expression = expression.replace(name, value)
    return expression
