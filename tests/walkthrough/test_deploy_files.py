"""What can be held true of deploy/ without Docker: files parse, agree with each other, name real metrics."""

import importlib
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from gateway.memory.redis_allowed import AllowedInRedis
from gateway.memory.shelves import Shelves
from gateway.settings_file import load_settings
from tests.gateway.memory.redis_server import RedisServer, running_redis
from tests.walkthrough.deployment import DEPLOY

ROOT = DEPLOY.parent
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def compose(name="compose.yaml"):
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.y*ml")), ids=lambda path: path.name)
def test_every_yaml_file_holds_mappings(path):
    documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))

    assert documents
    assert all(isinstance(document, dict) for document in documents)


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


def test_compose_mounts_what_monitoring_needs_where_it_looks():
    prometheus = compose()["services"]["prometheus"]["volumes"]
    grafana = compose()["services"]["grafana"]
    rule_files = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["rule_files"]
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]

    for name in (*rule_files, "prometheus.yml"):
        assert f"./prometheus/{name}:/etc/prometheus/{name}:ro" in prometheus
    assert (DEPLOY / "grafana" / "dashboards" / home.rpartition("/")[2]).is_file()
    assert "./runbooks:/usr/share/grafana/public/runbooks:ro" in grafana["volumes"]


def test_the_address_of_runbooks_that_compose_names_is_one_of_a_page():
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    pages = re.findall(r"localhost:3000/public/runbooks/(\S*)", text)

    assert pages
    assert all((DEPLOY / "runbooks" / page).is_file() for page in pages)  # a folder is answered 404


def test_redis_is_a_bounded_memory_that_only_the_gateway_reaches():
    services = compose("compose.redis.yaml")["services"]
    redis = services["redis"]

    assert "ports" not in redis
    assert redis["read_only"]
    assert redis["volumes"] == ["redis-data:/data"]
    assert services["gateway"]["environment"] == {"JND_MEMORY__REDIS_URL": "redis://redis:6379/0"}
    assert "build" not in services["gateway"]  # the image has the extra


def test_the_review_page_has_a_folder_to_write_a_key_and_a_port_of_this_machine_only(monkeypatch):
    overlay = compose("compose.review.yaml")
    gateway = overlay["services"]["gateway"]
    for name, value in gateway["environment"].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("JND_REVIEW__KEY", "k" * 48)

    review = load_settings(DEPLOY / "compose.gateway.yaml").review

    assert gateway["environment"]["JND_REVIEW__KEY"].startswith("${REVIEW_KEY:?")  # none, no start
    assert review.store == "pictures"
    assert review.listen_address == ("0.0.0.0", 9190)
    assert gateway["ports"] == ["127.0.0.1:9190:9190"]
    assert gateway["volumes"] == [f"review-data:{review.directory}"]
    assert "review-data" in overlay["volumes"]
    assert f"install -d -o 10001 -g 10001 -m 0700 {review.directory}\n" in DOCKERFILE
    assert "EXPOSE 9190\n" in DOCKERFILE


def test_the_image_speaks_to_redis_and_postgresql_and_draws_pages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = re.search(r'^ARG EXTRAS="\[(.+)\]"$', DOCKERFILE, re.MULTILINE)

    assert extras is not None
    assert set(extras[1].split(",")) == {"postgres", "redis"} <= set(project["optional-dependencies"])
    assert {"jinja2", "sqlalchemy"} <= set(project["dependencies"])


def redis_words(kind: str) -> list[str]:
    """Return how the Redis that is shipped is started."""
    if kind == "compose":
        return compose("compose.redis.yaml")["services"]["redis"]["command"]
    text = (DEPLOY / "kubernetes" / "redis" / "redis.yaml").read_text()
    deployment = next(each for each in yaml.safe_load_all(text) if each["kind"] == "Deployment")
    return deployment["spec"]["template"]["spec"]["containers"][0]["args"]


@pytest.mark.peers
@pytest.mark.parametrize("kind", ["compose", "kubernetes"])
def test_redis_as_it_is_shipped_keeps_an_operators_decision_when_it_is_full_and_when_it_is_killed(
    kind: str, tmp_path: Path
):
    program, *options = redis_words(kind)
    assert (program, options.count("256mb")) == ("redis-server", 1)
    options[options.index("256mb")] = "4mb"
    options = [word.replace("$(REDISCLI_AUTH)", "word") for word in options]
    digest = b"1" * 32
    with running_redis(tmp_path, *options) as server, server.client() as client:
        listed = AllowedInRedis(client, Shelves("jnd"))
        listed.add([digest])
        for number in range(100):
            client.set(f"shelf-{number}", bytes(100_000), px=60_000)
        assert client.info("stats")["evicted_keys"] > 50
        assert listed.listed() == {digest}

        server.kill()
        server.start()
        RedisServer.wait_until(lambda: not client.info("persistence")["loading"])
        assert listed.listed() == {digest}


def test_hadolint_has_nothing_against_the_dockerfile():
    lint = Path(sys.executable).with_name("hadolint")
    outcome = subprocess.run(
        [str(lint), str(DEPLOY / "Dockerfile")], capture_output=True, text=True, check=False
    )

    assert outcome.returncode == 0, outcome.stdout


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


@pytest.mark.peers  # pip fetches what builds it, as in the image
def test_what_the_image_copies_is_enough_to_build_and_to_read_its_settings(tmp_path):
    source, target = tmp_path / "src", tmp_path / "jnd"
    for name in (
        "pyproject.toml",
        "constraints.txt",
        "README.md",
        "LICENSE",
        "calibration",
        "predictor",
        "gateway",
    ):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        source.mkdir(exist_ok=True)
        copy(ROOT / name, source / name)
    wheel = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "-w",
        tmp_path,
        ".",
    ]
    subprocess.run(list(map(str, wheel)), cwd=source, check=True, capture_output=True)
    (built,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(target)

    checked = subprocess.run(
        [
            sys.executable,
            "-c",
            "from gateway.cli import app; app()",
            "check-config",
            str(DEPLOY / "compose.gateway.yaml"),
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(target), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert (target / "predictor" / "artifact_default" / "card.json").is_file()
    assert (target / "gateway" / "review" / "templates" / "list.html").is_file()
