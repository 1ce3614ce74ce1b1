import subprocess
import sys
from datetime import date
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

import gateway
from gateway.metrics import Metrics, metrics_reference


def test_two_apps_never_share_numbers():
    first, second = Metrics({}), Metrics({})

    first.errors.labels("damaged").inc()

    assert b'kind="damaged"' in first.exposition()
    assert b'kind="damaged"' not in second.exposition()


def test_only_configured_models_become_labels():
    metrics = Metrics({"gpt-4o": "gpt-4o"})

    assert [metrics.model_label(name) for name in ("gpt-4o", "made-up", "")] == ["gpt-4o", "other", "other"]


def test_every_kind_of_metadata_is_at_zero_before_the_first_of_it():
    assert b'jnd_metadata_left_behind_total{kind="gps"} 0.0' in Metrics({}).exposition()


def test_exposition_is_what_prometheus_reads():
    metrics = Metrics({})
    metrics.describe_build("1.0", "abc")

    families = {family.name for family in text_string_to_metric_families(metrics.exposition().decode())}

    assert {"jnd_requests", "jnd_images", "jnd_flags", "jnd_errors", "jnd_overhead_seconds"} <= families
    assert {"jnd_stage_seconds", "jnd_upstream_seconds", "jnd_in_flight_requests"} <= families
    assert b'jnd_build_info{artifact="abc",version="1.0"} 1.0' in metrics.exposition()


def test_failures_are_at_zero_before_the_first_one():
    assert b'jnd_errors_total{kind="upstream_timeout"} 0.0' in Metrics({}).exposition()


def test_a_child_is_made_once():
    errors = Metrics({}).errors

    assert errors.labels("damaged") is errors.labels("damaged")
    assert errors.labels("damaged") is not errors.labels("empty")


WITH_HEALTH = """
import sys
from pathlib import Path
from gateway.metrics import Metrics
from gateway.serving.metric_files import MetricFiles
metrics = Metrics({}, shared=MetricFiles(Path(sys.argv[1])))
for line in sys.stdin:
    metrics.note_health("default", is_up=line.strip() == "up")
    shown = metrics.exposition().decode().splitlines()
    print([each for each in shown if each.startswith("jnd_upstream_up{")], flush=True)
"""


def test_the_worker_that_asked_last_tells_whether_an_upstream_is_up(tmp_path: Path):
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(Path(gateway.__file__).parents[1])}
    command = [sys.executable, "-c", WITH_HEALTH, str(tmp_path)]
    with (
        subprocess.Popen(
            command, env=shared, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as answered,
        subprocess.Popen(
            command, env=shared, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as failed,
    ):
        told = [_says(answered, "up"), _says(failed, "down"), _says(answered, "up")]
        for worker in (answered, failed):
            worker.stdin.close()

    assert [line.rpartition(" ")[2].rstrip("']\n") for line in told] == ["1.0", "0.0", "1.0"]


def _says(worker: subprocess.Popen[str], health: str) -> str:
    worker.stdin.write(f"{health}\n")
    worker.stdin.flush()
    return worker.stdout.readline()


def test_health_is_told_when_it_changes():
    metrics = Metrics({})

    for is_up in (True, True, False):
        metrics.note_health("default", is_up=is_up)

    assert b'jnd_upstream_up{upstream="default"} 0.0' in metrics.exposition()


def test_profiles_tell_their_source():
    metrics = Metrics({"gpt-4o": "gpt-4o"})

    metrics.describe_profile("gpt-4o", "published-prior")

    assert b'jnd_profile_info{model="gpt-4o",source="published-prior"} 1.0' in metrics.exposition()


def test_a_quiet_gateway_shows_zero_flags_so_that_the_first_burst_is_a_rise():
    shown = Metrics({"gpt-4o"}, ["acme"]).exposition().decode()

    assert 'jnd_flagged_images_total{model="gpt-4o"} 0.0' in shown
    assert 'jnd_images_total{model="gpt-4o",outcome="clean",reason=""} 0.0' in shown
    assert 'jnd_client_flags_total{client="acme",kind="query_series"} 0.0' in shown
    assert 'jnd_client_money_saved_total{client="other",currency="USD"} 0.0' in shown
    assert 'jnd_p_value_count{kind="residual"} 0.0' in shown


def test_room_and_age_are_told():
    metrics = Metrics({})

    metrics.describe_room(threads=2, queue_bytes=1024, alpha=0.001)
    metrics.describe_artifact({"residual": date(2026, 11, 29)})

    shown = metrics.exposition().decode()
    assert "jnd_image_threads 2.0" in shown
    assert "jnd_queue_limit_bytes 1024.0" in shown
    assert "jnd_policy_alpha_ratio 0.001" in shown
    assert 'jnd_artifact_written_timestamp_seconds{part="residual"} 1.7959104e+09' in shown


WORKER = """
import sys
from pathlib import Path
import gateway
from gateway.metrics import Metrics, metrics_reference
from gateway.serving.metric_files import MetricFiles
metrics = Metrics({}, shared=MetricFiles(Path(sys.argv[1])))
metrics.describe_build("1.0", "abc")
metrics.errors.labels("damaged").inc(int(sys.argv[2]))
metrics.in_flight.inc()
metrics.note_health("default", is_up=True)
metrics.overhead.labels("false").observe(0.02)
print(metrics.exposition().decode())
"""


def test_processes_that_share_a_directory_tell_the_same_numbers(tmp_path: Path):
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(Path(gateway.__file__).parents[1])}

    for number in ("2", "3"):
        told = subprocess.run(
            [sys.executable, "-c", WORKER, str(tmp_path), number],
            env=shared,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert 'jnd_errors_total{kind="damaged"} 5.0' in told
    assert "jnd_in_flight_requests 2.0" in told
    assert 'jnd_upstream_up{upstream="default"} 1.0' in told
    assert 'jnd_build_info{artifact="abc",version="1.0"} 1.0' in told
    assert 'jnd_overhead_seconds_count{has_image="false"} 2.0' in told


def test_every_metric_is_in_the_table_with_its_type_and_meaning():
    metrics = Metrics({})
    lines = {line.split()[0]: line for line in metrics_reference().splitlines()[1:]}
    families = {
        family.name + ("_total" if family.type == "counter" else ""): family
        for family in metrics.registry.collect()
    }

    assert set(lines) == set(families)
    for name, line in lines.items():
        assert line.split()[1] == families[name].type
        assert line.endswith(families[name].documentation)


def test_labels_of_the_table_are_those_of_the_numbers():
    metrics = Metrics({})
    labels = {each.name: set(each.labels) for each in metrics.described}

    for family in metrics.registry.collect():
        for sample in family.samples:
            name = family.name + ("_total" if family.type == "counter" else "")
            assert set(sample.labels) - {"le"} == labels[name]


def test_the_table_needs_no_torch():
    code = "import sys, gateway.metrics as m; m.metrics_reference(); sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
