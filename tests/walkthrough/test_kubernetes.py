"""What kustomize makes of deploy/kubernetes is what Kubernetes' published schemas allow, and what was meant.

Builds with the real `kubectl kustomize`. The two kinds of the Prometheus operator have no schema there: it
is the part that we use, written down here, and `promtool` reads the rules themselves.
"""

import shutil
import subprocess
from functools import cache
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

from gateway.settings_file import load_settings
from tests.walkthrough.deployment import DEPLOY, PROMETHEUS
from tests.walkthrough.peer_programs import peer
from tools.kubernetes_rules import FILE, written

KUBERNETES = DEPLOY / "kubernetes"
OVERLAYS = ("monitor-only", "enforce", "with-redis", "with-review", "production")
VERSIONS = ("1.30", "1.37")  # the oldest and the newest we hold it true for

_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_RULE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["expr"],
    "properties": {
        "record": {"type": "string"},
        "alert": {"type": "string"},
        "expr": {"type": "string"},
        "for": {"type": "string", "pattern": r"^\d+[smhd]$"},
        "labels": _TEXTS,
        "annotations": _TEXTS,
    },
}
_GROUP = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "rules"],
    "properties": {"name": {"type": "string"}, "rules": {"type": "array", "items": _RULE, "minItems": 1}},
}
_ENDPOINT = {
    "type": "object",
    "additionalProperties": False,
    "properties": {name: {"type": "string"} for name in ("port", "path", "interval")},
}
CUSTOM = {
    "PrometheusRule": {
        "type": "object",
        "additionalProperties": False,
        "required": ["groups"],
        "properties": {"groups": {"type": "array", "items": _GROUP}},
    },
    "ServiceMonitor": {
        "type": "object",
        "additionalProperties": False,
        "required": ["selector", "endpoints"],
        "properties": {
            "selector": {
                "type": "object",
                "properties": {"matchLabels": _TEXTS},
                "additionalProperties": False,
            },
            "endpoints": {"type": "array", "items": _ENDPOINT, "minItems": 1},
        },
    },
}


@cache
def built(overlay: str) -> tuple[dict, ...]:
    program = shutil.which("kubectl") or str(peer("kubectl", "kubectl"))
    outcome = subprocess.run(
        [program, "kustomize", str(KUBERNETES / "overlays" / overlay)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert not outcome.stderr  # deprecations are told there
    return tuple(yaml.safe_load_all(outcome.stdout))


def one(overlay: str, kind: str, name: str = "jnd-gateway") -> dict:
    (found,) = (each for each in built(overlay) if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


def config_of(overlay: str) -> dict:
    (found,) = (
        each
        for each in built(overlay)
        if each["kind"] == "ConfigMap" and each["metadata"]["name"].startswith("jnd-gateway-")
    )
    return found


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the secret of the review page holds."""
    monkeypatch.setenv("REVIEW_KEY", "k" * 48)
    monkeypatch.setenv("REVIEW_DATABASE", "postgresql+psycopg://jnd:word@database/jnd")


def test_the_operators_rules_are_those_of_prometheus():
    assert FILE.read_text(encoding="utf-8") == written()


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("overlay", ["base", *(f"overlays/{name}" for name in OVERLAYS)])
def test_settings_are_ones_the_gateway_accepts(overlay: str):
    settings = load_settings(KUBERNETES / overlay / "gateway.yaml")

    assert settings.listen.port == 8080
    assert settings.listen.drain_seconds < 60


@pytest.mark.usefixtures("secrets")
def test_overlays_do_what_they_are_called():
    modes = {}
    for name in OVERLAYS:
        settings = load_settings(KUBERNETES / "overlays" / name / "gateway.yaml")
        modes[name] = settings.policy.mode, settings.policy.on_failure, settings.compression.mode

    assert modes == {
        "monitor-only": ("monitor", "forward", "observe"),
        "enforce": ("block", "refuse", "on"),
        "with-redis": ("block", "refuse", "on"),
        "with-review": ("block", "refuse", "on"),
        "production": ("block", "refuse", "on"),
    }


@pytest.mark.peers
@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("version", VERSIONS)
def test_everything_is_what_the_published_schemas_allow(overlay: str, version: str):
    for manifest in built(overlay):
        if manifest["kind"] in CUSTOM:
            jsonschema.validate(manifest["spec"], CUSTOM[manifest["kind"]])
        else:
            kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.peers
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_choose_the_pods_they_mean(overlay: str):
    pods = one(overlay, "Deployment")["spec"]["template"]["metadata"]["labels"]
    service = one(overlay, "Service")
    policy = one(overlay, "NetworkPolicy")["spec"]

    for selector in (
        one(overlay, "Deployment")["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
        one(overlay, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        policy["podSelector"]["matchLabels"],
    ):
        assert selector.items() <= pods.items()
    monitored = one(overlay, "ServiceMonitor")["spec"]["selector"]["matchLabels"]
    assert monitored.items() <= service["metadata"]["labels"].items()
    assert policy["ingress"][0]["from"][0]["podSelector"]["matchLabels"] == {"jnd-caller": "true"}
    assert {each["metadata"].get("namespace", "jnd") for each in built(overlay)} == {"jnd"}


@pytest.mark.peers
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_gateway_runs_hardened_on_the_settings_of_its_overlay(overlay: str):
    pod = one(overlay, "Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    config = config_of(overlay)

    (mounted,) = (each["configMap"]["name"] for each in pod["volumes"] if "configMap" in each)
    assert mounted == config["metadata"]["name"]
    assert config["data"]["gateway.yaml"] == (KUBERNETES / "overlays" / overlay / "gateway.yaml").read_text()
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)
    assert pod["terminationGracePeriodSeconds"] > 45
    assert container["image"] == "jnd-gateway:0.1.0"


@pytest.mark.peers
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_autoscaler_looks_at_a_metric_that_the_adapter_makes(overlay: str):
    scaler = one(overlay, "HorizontalPodAutoscaler")["spec"]
    adapter = yaml.safe_load((KUBERNETES / "prometheus-adapter.yaml").read_text(encoding="utf-8"))

    assert scaler["metrics"][0]["pods"]["metric"]["name"] == "jnd_queue_bytes"
    assert adapter["rules"]["custom"][0]["name"] == {"matches": "jnd_queue_bytes"}
    assert scaler["minReplicas"] == (2 if overlay == "monitor-only" else 3)
    assert "replicas" not in one(overlay, "Deployment")["spec"]  # else each apply undoes the autoscaler


@pytest.mark.peers
@pytest.mark.parametrize("overlay", ["with-redis", "production"])
def test_redis_is_there_where_it_is_asked_for_and_reachable_for_the_gateway_alone(overlay: str):
    pod = one(overlay, "Deployment")["spec"]["template"]["spec"]
    (redis,) = one(overlay, "Deployment", "jnd-redis")["spec"]["template"]["spec"]["containers"]
    egress = one(overlay, "NetworkPolicy")["spec"]["egress"]
    (ingress,) = one(overlay, "NetworkPolicy", "jnd-redis")["spec"]["ingress"]
    secret = {"valueFrom": {"secretKeyRef": {"name": "jnd-redis", "key": "password"}}}

    # Kubernetes puts in what stands before
    assert pod["containers"][0]["env"][-2:] == [
        {"name": "REDIS_PASSWORD", **secret},
        {"name": "JND_MEMORY__REDIS_URL", "value": "redis://:$(REDIS_PASSWORD)@jnd-redis:6379/0"},
    ]
    assert redis["env"] == [{"name": "REDISCLI_AUTH", **secret}]
    assert redis["args"][-2:] == ["--requirepass", "$(REDISCLI_AUTH)"]
    assert [{"port": 6379, "protocol": "TCP"}] in [each["ports"] for each in egress]
    assert ingress["from"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "jnd-gateway"}}}]
    assert not [each for each in built("enforce") if "redis" in each["metadata"]["name"]]


@pytest.mark.usefixtures("secrets")
@pytest.mark.peers
@pytest.mark.parametrize("overlay", ["with-review", "production"])
def test_the_review_page_is_reached_by_reviewers_alone_and_has_a_folder_to_write(overlay: str):
    review = load_settings(KUBERNETES / "overlays" / overlay / "gateway.yaml").review
    pod = one(overlay, "Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    policy = one(overlay, "NetworkPolicy")["spec"]
    callers, reviewers = policy["ingress"]
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    claim = volumes["review"]["persistentVolumeClaim"]["claimName"]

    assert review.store == "pictures"
    assert {"name": "review", "containerPort": 9190} in container["ports"]
    assert review.listen_address == ("0.0.0.0", 9190)
    assert {each["name"] for each in one(overlay, "Service")["spec"]["ports"]} == {"http", "review"}
    assert [port["port"] for port in callers["ports"]] == ["http"]
    assert [port["port"] for port in reviewers["ports"]] == ["review"]
    assert reviewers["from"][0]["podSelector"]["matchLabels"] == {"jnd-reviewer": "true"}
    assert policy["egress"][-1]["ports"] == [{"port": 5432, "protocol": "TCP"}]
    assert mounts["review"] == {"name": "review", "mountPath": str(review.directory)}
    assert one(overlay, "PersistentVolumeClaim", claim)["spec"]["accessModes"] == ["ReadWriteMany"]
    assert {"settings", "tmp", "shared-memory"} <= set(volumes)
    keys = {each["name"]: each["valueFrom"] for each in container["env"] if each["name"].startswith("REVIEW")}
    assert {name: value["secretKeyRef"]["name"] for name, value in keys.items()} == {
        "REVIEW_KEY": "jnd-review",
        "REVIEW_DATABASE": "jnd-review",
    }
    assert not [port for port in one("enforce", "Service")["spec"]["ports"] if port["port"] == 9190]


@pytest.mark.usefixtures("secrets")
def test_the_password_of_redis_reaches_the_settings_of_production(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JND_MEMORY__REDIS_URL", "redis://:0123abcd@jnd-redis:6379/0")

    settings = load_settings(KUBERNETES / "overlays" / "production" / "gateway.yaml")

    assert settings.memory.redis_url is not None
    assert settings.memory.redis_url.get_secret_value() == "redis://:0123abcd@jnd-redis:6379/0"
    assert "0123abcd" not in settings.model_dump_json()


@pytest.mark.peers
def test_promtool_accepts_the_rules_of_the_operator(tmp_path: Path):
    groups = tmp_path / "rules.yml"
    groups.write_text(yaml.safe_dump(one("enforce", "PrometheusRule")["spec"]))
    outcome = subprocess.run(
        ["promtool", "check", "rules", str(groups)], capture_output=True, text=True, check=False
    )

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert PROMETHEUS.is_dir()


@pytest.mark.peers
def test_the_dashboards_come_as_grafanas_sidecar_finds_them():
    dashboards = one("enforce", "ConfigMap", "jnd-dashboards")

    assert dashboards["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert set(dashboards["data"]) == {"safety.json", "efficiency.json", "service.json"}
