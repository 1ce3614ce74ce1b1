"""Numbers of several processes, each of them a real one: prometheus_client knows processes by their id."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.serving.metric_files import VARIABLE, MetricFiles, NoTemporaryFolderError
from tests.gateway.serving.conftest import ROOT

WORKER = """
import os, sys
from pathlib import Path
from gateway.metrics import Metrics
from gateway.serving.metric_files import MetricFiles
metrics = Metrics({}, shared=MetricFiles(Path(sys.argv[1])))
metrics.describe_build("1", sys.argv[2])
metrics.errors.labels("internal").inc(2)
metrics.overhead.labels("true").observe(0.003)
metrics.in_flight.inc()
print(os.getpid())
"""
ERRORS = 'jnd_errors_total{kind="internal"}'


@pytest.fixture
def files() -> Iterator[MetricFiles]:
    files = MetricFiles.make()
    yield files
    files.remove()


def count(files: MetricFiles, artifact: str = "a") -> int:
    """Let a process count a little and end; return its id."""
    done = subprocess.run(
        ["/usr/bin/env", f"{VARIABLE}={files.folder}", sys.executable, "-c", WORKER, files.folder, artifact],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


def value(files: MetricFiles, sample: str) -> float | None:
    for line in files.exposition().decode().splitlines():
        name, _, number = line.rpartition(" ")
        if name == sample:
            return float(number)
    return None


def test_what_an_ended_process_counted_stays_and_its_gauges_go(files: MetricFiles):
    first, second = count(files, "a"), count(files, "b")
    assert value(files, ERRORS) == 4
    assert value(files, "jnd_in_flight_requests") == 2

    files.fold(first)

    assert value(files, ERRORS) == 4
    assert value(files, 'jnd_overhead_seconds_count{has_image="true"}') == 2
    assert value(files, 'jnd_overhead_seconds_bucket{has_image="true",le="0.0025"}') == 0
    assert value(files, "jnd_in_flight_requests") == 1
    assert value(files, 'jnd_build_info{artifact="a",version="1"}') is None

    files.fold(second)
    files.fold(second)

    assert value(files, ERRORS) == 4
    assert value(files, "jnd_in_flight_requests") is None


def test_files_do_not_pile_up(files: MetricFiles):
    for _ in range(3):
        files.fold(count(files))

    assert {path.name for path in files.folder.iterdir()} == {
        "counter_ended.db",
        "histogram_ended.db",
        "lock",
        "owned",
    }
    assert value(files, ERRORS) == 6


def test_the_supervisor_counts_beside_its_workers(files: MetricFiles):
    files.fold(count(files))
    files.count("jnd_reloads", "SIGHUPs heard.", {"outcome": "done"}, amount=0.0)
    assert value(files, 'jnd_reloads_total{outcome="done"}') == 0

    for _ in range(2):
        files.count("jnd_reloads", "SIGHUPs heard.", {"outcome": "done"})

    assert value(files, 'jnd_reloads_total{outcome="done"}') == 2
    assert value(files, ERRORS) == 2
    assert b"# HELP jnd_reloads_total SIGHUPs heard." in files.exposition()


def test_a_scrape_while_files_are_folded_sees_every_number_once(files: MetricFiles):
    pids = [count(files) for _ in range(4)]
    seen: set[float | None] = set()
    folding = threading.Thread(target=lambda: [files.fold(pid) for pid in pids])
    folding.start()

    while folding.is_alive():
        seen.add(value(files, ERRORS))
    seen.add(value(files, ERRORS))

    assert seen == {8.0}


def test_the_folder_is_private_and_goes_with_everything_in_it():
    files = MetricFiles.make()
    assert files.folder.stat().st_mode & 0o077 == 0
    files.count("jnd_x", "x", {})

    files.remove()

    assert not files.folder.exists()


def test_folders_of_killed_gateways_are_swept_and_those_of_living_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("gateway.serving.metric_files._SHARED_MEMORY", tmp_path)
    living, killed, young = (MetricFiles.make() for _ in range(3))
    for left in (killed, young):
        left._owned.close()
    for old in (living, killed):
        os.utime(old.folder, (0, 0))

    newest = MetricFiles.make()

    assert set(tmp_path.iterdir()) == {living.folder, young.folder, newest.folder}
    for each in (living, newest):
        each.remove()


def test_no_place_to_write_to_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("gateway.serving.metric_files._SHARED_MEMORY", tmp_path / "none")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))

    with pytest.raises(NoTemporaryFolderError, match="TMPDIR"):
        MetricFiles.make()
