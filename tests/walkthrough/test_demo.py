"""`jnd-gateway demo` as a user runs it: keeps its promises, leaves a report, leaves nothing running."""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from gateway.demo.run import run_demo
from gateway.demo.services import own_command

FIVE_MINUTES = 300
SERVERS = re.compile(r"(?:model|gateway) +http://127\.0\.0\.1:(\d+)/v1")


@pytest.fixture
def started(tmp_path) -> Iterator[subprocess.Popen[str]]:
    """Start the demo in a folder of its own."""
    process = subprocess.Popen(
        [own_command("jnd-gateway"), "demo"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True


@pytest.mark.slow
def test_the_demo_keeps_its_promises_within_five_minutes(started):
    told, _ = started.communicate(timeout=FIVE_MINUTES)

    assert started.returncode == 0, told
    assert "Not as promised" not in told
    for word in ("clean", "hidden edit", "× JND", "Live from /metrics"):
        assert word in told
    report = re.search(r"Calibration report: file://(\S+)", told)
    assert report is not None
    assert Path(report[1]).stat().st_size > 1000
    ports = [int(port) for port in SERVERS.findall(told)]
    assert len(ports) == 2
    assert not any(answers(port) for port in ports)


@pytest.mark.slow
@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_stops_what_it_started_when_interrupted(started, way):
    lines = []
    for line in started.stdout:
        lines.append(line)
        if "gateway  http" in line:
            break
    began = time.monotonic()
    started.send_signal(way)
    rest, _ = started.communicate(timeout=60)
    told = "".join(lines) + rest

    assert started.returncode == 130, told
    assert "nothing is left running" in told
    assert time.monotonic() - began < 30
    assert not any(answers(int(port)) for port in SERVERS.findall(told))


def test_a_demo_that_cannot_start_its_model_says_why_and_fails(tmp_path, monkeypatch, capsys):
    lonely = tmp_path / "bin" / "python"
    lonely.parent.mkdir()
    lonely.symlink_to(shutil.which("false"))
    monkeypatch.setattr(sys, "executable", str(lonely))

    code = run_demo(tmp_path / "out")

    told = capsys.readouterr().out.replace("\n", "")
    assert code == 1
    assert "The demo stopped" in told
    assert "expected jnd-calibrate beside" in told
