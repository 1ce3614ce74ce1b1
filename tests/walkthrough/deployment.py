"""What deploy/ says, read for the tests: the dashboards' queries, the rules, the names they use."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
PROMETHEUS = DEPLOY / "prometheus"
RULES = [PROMETHEUS / "recorded.yml", PROMETHEUS / "rules.yml"]
RUNBOOKS = DEPLOY / "runbooks"

_COMPARISON = re.compile(r"\s*(>|<|>=|<=|==|!=)\s*[0-9.]+\s*$")
_METRIC = re.compile(r"(?<![:\w])(?:jnd|gen_ai_client)_\w+")
_RECORDED = re.compile(r"\bjnd:[\w:]+")


@dataclass(frozen=True)
class Query:
    """One PromQL expression and where it stands."""

    place: str
    expression: str

    def metrics(self) -> set[str]:
        return set(_METRIC.findall(self.expression))

    def recorded(self) -> set[str]:
        return set(_RECORDED.findall(self.expression))


def dashboards() -> list[dict]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in DASHBOARDS]


def panels() -> list[dict]:
    return [panel for dashboard in dashboards() for panel in dashboard["panels"]]


def panel_queries() -> list[Query]:
    return [
        Query(f"{panel['title']} [{target['refId']}]", target["expr"])
        for panel in panels()
        for target in panel["targets"]
    ]


def _rules(kind: str) -> list[dict]:
    groups = [group for file in RULES for group in yaml.safe_load(file.read_text("utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


def alert_rules() -> list[dict]:
    return _rules("alert")


def alert_queries() -> list[Query]:
    """Return what each alert compares, without the comparison at the end."""
    return [Query(rule["alert"], _COMPARISON.sub("", rule["expr"])) for rule in alert_rules()]


def recorded_queries() -> list[Query]:
    """Return what is recorded, under its name and labels."""
    return [
        Query(" ".join([rule["record"], *rule.get("labels", {}).values()]), rule["expr"])
        for rule in _rules("record")
    ]


def rule_queries() -> list[Query]:
    return alert_queries() + recorded_queries()


def substitute(expression: str, *, interval: str, window: str) -> str:
    """Fill in what Grafana fills in: its variables."""
    values = {"$__rate_interval": interval, "$__range": window, "$model": ".*"}
    for name, value in values.items():
        expression = expression.replace(name, value)
    return expression
