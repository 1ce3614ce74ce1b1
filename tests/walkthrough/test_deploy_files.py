"""What can be held true of deploy/ without Docker: files parse, agree with each other, name real metrics."""

import importlib
import re
import subprocess
import tomllib

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from typer.main import get_command

from gateway.metrics import Metrics
from gateway.settings_file import load_settings
from tests.walkthrough import deployment
from tests.walkthrough.deployment import DEPLOY, RULES, alert_rules, panel_queries, panels, rule_queries

ROOT = DEPLOY.parent
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def registered_names():
    """Every sample name a gateway can expose, counters and histogram parts included."""
    metrics = Metrics({})
    suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        family.name + suffix
        for family in families
        if not family.name.endswith("_created")
        for suffix in suffixes[family.type]
    }


def without_histogram_part(name):
    return re.sub("_(bucket|sum|count)$", "", name)


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.y*ml")), ids=lambda path: path.name)
def test_every_yaml_file_is_a_mapping(path):
    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)


def test_the_example_configuration_is_one_the_gateway_accepts():
    settings = load_settings(DEPLOY / "compose.gateway.yaml")

    assert settings.upstream.base_url == "http://embedded:8001/v1"
    assert settings.models == {"embedded": "embedded"}


def test_compose_runs_the_four_services():
    assert set(compose()["services"]) == {"gateway", "embedded", "prometheus", "grafana"}


def test_compose_mounts_and_builds_from_files_that_exist():
    for service in compose()["services"].values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert source in compose()["volumes"] or (DEPLOY / source).exists(), mount
        if build := service.get("build"):
            context = (DEPLOY / build["context"]).resolve()
            assert (context / build["dockerfile"]).is_file()
            assert re.search(rf"^FROM \S+ AS {build['target']}$", DOCKERFILE, re.MULTILINE)


def test_compose_publishes_ports_on_this_machine_only():
    published = [port for service in compose()["services"].values() for port in service.get("ports", [])]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_services_reach_each_other_where_they_listen():
    settings = load_settings(DEPLOY / "compose.gateway.yaml")
    scrape = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"][0]
    datasource = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text())

    assert scrape["static_configs"][0]["targets"] == [f"gateway:{settings.listen.port}"]
    assert f"EXPOSE {settings.listen.port}\n" in DOCKERFILE
    assert compose()["services"]["gateway"]["ports"] == [f"127.0.0.1:8080:{settings.listen.port}"]
    assert datasource["datasources"][0]["url"] == "http://prometheus:9090"


def test_litellm_asks_the_gateway_where_it_listens_and_fails_closed():
    (guardrail,) = yaml.safe_load((DEPLOY / "litellm.yaml").read_text(encoding="utf-8"))["guardrails"]
    asked = guardrail["litellm_params"]

    assert asked["guardrail"] == "generic_guardrail_api"
    assert asked["api_base"].removeprefix("http://") in {
        target
        for job in yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
        for target in job["static_configs"][0]["targets"]
    }
    assert asked["unreachable_fallback"] == "fail_closed"
    assert not asked["api_key"].startswith("os.environ/JND_")  # the gateway takes such names for settings


def test_the_provisioned_dashboard_folder_is_the_one_that_is_mounted():
    provider = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/jnd.yaml").read_text())["providers"][
        0
    ]
    mounts = compose()["services"]["grafana"]["volumes"]

    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in mounts


def test_images_run_as_an_ordinary_user_and_tell_their_health():
    runtime = DOCKERFILE.split("AS runtime")[1]

    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", runtime, re.MULTILINE)
    assert runtime.count("HEALTHCHECK") == 2


def test_the_gateway_image_installs_no_laboratory():
    gateway_build = DOCKERFILE.split("AS gateway-build")[1].split("FROM")[0]
    serving = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]

    assert "[local]" not in gateway_build
    assert not {"transformers", "scikit-learn", "matplotlib"} & {
        re.split(r"[=<>]", name)[0] for name in serving
    }


def test_everything_the_images_copy_exists_and_is_sent_to_the_builder():
    allowed = set((DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines())
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = [source for line in copies for source in line.split()]

    assert len(sources) == 8
    for source in sources:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in allowed, source


@pytest.mark.parametrize(
    ("program", "module"), [("jnd-gateway", "gateway.cli"), ("jnd-calibrate", "calibration.cli")]
)
def test_images_start_commands_that_exist_with_options_they_have(program, module):
    line = re.search(rf'^CMD \["{program}", (.+)\]$', DOCKERFILE, re.MULTILINE)
    assert line is not None
    words = [word.strip('" ') for word in line[1].split(",")]
    app = importlib.import_module(module).app

    command = get_command(app).commands[words[0]]

    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("query", panel_queries() + rule_queries(), ids=lambda query: query.place)
def test_every_metric_a_query_names_is_one_the_gateway_exposes(query):
    assert query.metrics()
    assert query.metrics() <= registered_names()


def test_the_dashboard_shows_what_the_gateway_is_for():
    shown = set().union(*(query.metrics() for query in panel_queries()))

    assert {without_histogram_part(name) for name in shown} == {
        without_histogram_part(name) for name in registered_names()
    }


def test_every_panel_says_what_it_shows_and_has_its_own_place():
    places = [tuple(panel["gridPos"].values()) for panel in panels()]

    assert all(panel["description"] and panel["datasource"]["uid"] == "prometheus" for panel in panels())
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in panels()}) == len(places)


def test_there_are_five_alerts_that_wait_and_explain_themselves():
    rules = alert_rules()

    assert len(rules) == 5
    for rule in rules:
        assert rule["for"]
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def test_annotations_name_only_panels_that_exist():
    titles = {panel["title"] for panel in panels()}
    named = [
        title
        for rule in alert_rules()
        for title in re.findall(r'panel "([^"]+)"', rule["annotations"]["description"])
    ]

    assert named
    assert set(named) <= titles


def test_every_alert_ends_with_its_comparison():
    for rule, query in zip(alert_rules(), rule_queries(), strict=True):
        assert query.expression != rule["expr"]


def test_grafana_variables_are_all_filled_in():
    filled = [
        deployment.substitute(query.expression, interval="5m", window="1h") for query in panel_queries()
    ]

    assert not [expression for expression in filled if "$" in expression]


@pytest.mark.peers
def test_promtool_accepts_the_configuration_and_the_rules():
    checked = [["config", str(DEPLOY / "prometheus" / "prometheus.yml")], ["rules", str(RULES)]]

    for arguments in checked:
        outcome = subprocess.run(
            ["promtool", "check", *arguments], capture_output=True, text=True, check=False
        )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
