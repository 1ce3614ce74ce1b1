"""What holds of dashboards, rules and runbooks without Grafana: they name what exists, and each other."""

import re
import subprocess

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from gateway.metrics import Metrics
from gateway.settings import Settings
from tests.walkthrough.deployment import (
    DASHBOARDS,
    PROMETHEUS,
    RULES,
    RUNBOOKS,
    alert_queries,
    alert_rules,
    dashboards,
    panel_queries,
    panels,
    recorded_queries,
    rule_queries,
    substitute,
)
from tools.dashboards.__main__ import FOLDER, written

NOT_OURS = {"up"}  # what Prometheus itself says of a gateway
OF_ANOTHER_ROOM = {"memory.redis_url"}
HISTORIES = sorted((PROMETHEUS / "tests").glob("*.yml"))


def registered_names():
    """Every sample name a gateway can expose, counters and histogram parts included."""
    suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
    families = text_string_to_metric_families(Metrics({}).exposition().decode())
    return {
        family.name + suffix
        for family in families
        if not family.name.endswith("_created")
        for suffix in suffixes[family.type]
    }


def without_histogram_part(name):
    return re.sub("_(bucket|sum|count)$", "", name)


def test_the_dashboards_are_what_their_code_writes():
    assert {file.name: file.read_text(encoding="utf-8") for file in DASHBOARDS} == written()
    assert DASHBOARDS[0].parent == FOLDER


@pytest.mark.parametrize("query", panel_queries() + rule_queries(), ids=lambda query: query.place)
def test_every_query_names_what_is_exposed_or_recorded(query):
    recorded = {recorded.place.split()[0] for recorded in recorded_queries()}

    assert query.metrics() or query.recorded() or re.search(r"\bup\{", query.expression)
    assert query.metrics() <= registered_names()
    assert query.recorded() <= recorded


def test_the_dashboards_show_every_metric_directly_or_by_what_is_recorded_of_it():
    recorded = {query.place.split()[0]: query.metrics() for query in recorded_queries()}
    shown = set().union(*(query.metrics() for query in panel_queries()))
    named = set().union(*(query.recorded() for query in panel_queries()))
    shown |= set().union(*(recorded[name] for name in named))

    assert {without_histogram_part(name) for name in shown} == {
        without_histogram_part(name) for name in registered_names()
    }


def test_every_panel_says_what_it_shows_and_has_its_own_place():
    for dashboard in dashboards():
        places = [tuple(panel["gridPos"].values()) for panel in dashboard["panels"]]

        assert all(panel["description"] for panel in dashboard["panels"])
        assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {"prometheus"}
        assert len(set(places)) == len(places)
        assert len({panel["id"] for panel in dashboard["panels"]}) == len(places)
    assert len({panel["title"] for panel in panels()}) == len(panels())


def test_the_address_of_the_one_dashboard_of_before_leads_somewhere():
    assert {dashboard["uid"] for dashboard in dashboards()} == {"jnd-safety", "jnd-efficiency", "jnd-gateway"}


def test_a_flag_on_a_dashboard_is_one_click_from_its_pictures():
    links = {
        panel["title"]: link["url"]
        for panel in panels()
        for link in panel["fieldConfig"]["defaults"].get("links", [])
    }
    variables = {variable["name"] for each in dashboards() for variable in each["templating"]["list"]}

    assert "${review_url}/review?kind=${__field.labels.kind}&model=${__field.labels.model}" in links.values()
    assert "client=${__field.labels.client}" in links["Flags by client"]
    assert links["Images flagged"].endswith(
        "/review?since=${__from}&until=${__to}"
    )  # of several models as well
    assert {"review_url", "runbooks", "model"} <= variables


def test_no_panel_adds_up_two_currencies_or_leaves_the_name_of_one_empty():
    targets = [target for panel in panels() for target in panel["targets"] if "_money" in target["expr"]]

    assert len(targets) >= 5
    for target in targets:
        assert re.search(r"by \((client, )?currency\)", target["expr"]), target["expr"]
        assert not ("{{currency}}" in target["legendFormat"] and "vector(0)" in target["expr"])


def test_every_alert_has_its_runbook_and_every_runbook_its_alert():
    pages = {file.stem for file in RUNBOOKS.iterdir()}
    linked = {rule["alert"]: rule["annotations"]["runbook_url"] for rule in alert_rules()}
    on_panels = {
        link["url"].rpartition("/")[2].removesuffix(".md")
        for panel in panels()
        for link in panel.get("links", [])
    }

    assert set(linked) == pages
    assert all(url.endswith(f"/public/runbooks/{name}.md") for name, url in linked.items())
    assert on_panels <= pages


@pytest.mark.parametrize("page", sorted(RUNBOOKS.iterdir()), ids=lambda page: page.stem)
def test_a_runbook_says_what_it_means_what_to_look_at_and_what_to_do(page):
    text = page.read_text(encoding="utf-8")
    titles = {panel["title"] for panel in panels()}
    named = re.findall(r'panels? "([^"]+)"(?: and "([^"]+)")?', text)

    assert re.findall("^## (.+)$", text, re.MULTILINE) == ["What it means", "What to look at", "What to do"]
    assert text.startswith(f"# {page.stem}: ")
    assert {title for pair in named for title in pair if title} <= titles


@pytest.mark.parametrize("page", sorted(RUNBOOKS.iterdir()), ids=lambda page: page.stem)
def test_a_runbook_names_settings_that_exist(page):
    rooms = "|".join(Settings.model_fields)
    for path in re.findall(rf"`((?:{rooms})(?:\.[a-z_]+)+)", page.read_text(encoding="utf-8")):
        section = Settings
        for name in path.split("."):
            assert name in section.model_fields or path in OF_ANOTHER_ROOM, path
            section = section.model_fields[name].annotation if name in section.model_fields else section


def test_alerts_wait_or_look_back_and_explain_themselves():
    for rule in alert_rules():
        assert rule.get("for") or "increase(" in rule["expr"], rule["alert"]
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def test_annotations_name_only_panels_that_exist():
    titles = {panel["title"] for panel in panels()}
    named = [
        title
        for rule in alert_rules()
        for title in re.findall(r'panels? "([^"]+)"', rule["annotations"]["description"])
    ]

    assert len(named) >= len(alert_rules())
    assert set(named) <= titles


def test_every_alert_ends_with_its_comparison():
    for rule, query in zip(alert_rules(), alert_queries(), strict=True):
        assert query.expression != rule["expr"]


def test_grafana_variables_are_all_filled_in():
    filled = [substitute(query.expression, interval="5m", window="1h") for query in panel_queries()]

    assert not [expression for expression in filled if "$" in expression]


def test_a_history_makes_every_alert_fire_and_one_leaves_it_silent():
    asked = [
        test
        for file in HISTORIES
        for history in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]
        for test in history["promql_expr_test"]
    ]
    fires = {
        name for test in asked for sample in test["exp_samples"] for name in _alerts_of(sample["labels"])
    }
    silent = {name for test in asked if not test["exp_samples"] for name in _alerts_of(test["expr"])}
    names = {rule["alert"] for rule in alert_rules()}

    assert fires == names
    assert {name for name in names for pattern in silent if re.fullmatch(pattern, name)} == names


def _alerts_of(text):
    return re.findall(r'alertname=~?"([^"]+)"', text)


@pytest.mark.peers
def test_promtool_accepts_the_configuration_and_the_rules():
    for arguments in (["config", PROMETHEUS / "prometheus.yml"], ["rules", *RULES]):
        outcome = subprocess.run(
            ["promtool", "check", *map(str, arguments)], capture_output=True, text=True, check=False
        )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.peers
@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.stem)
def test_alerts_fire_on_the_histories_that_should_make_them_and_on_no_other(history):
    outcome = subprocess.run(
        ["promtool", "test", "rules", str(history)], capture_output=True, text=True, check=False
    )

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
