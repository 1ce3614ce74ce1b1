"""A worker by itself; how it answers, test_supervisor tries."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.serving.handover import line_of, message_of, settings_message
from gateway.serving.worker import Born
from gateway.settings import Settings
from tests.gateway.serving.conftest import ROOT

NAMES = ("listener", "control", "pictures")


@pytest.fixture
def pairs() -> Iterator[dict[str, tuple[socket.socket, socket.socket]]]:
    """A socket pair for each of what a worker is born with: ours, its."""
    with ExitStack() as stack:
        pairs = {name: socket.socketpair() for name in NAMES}
        for ours, its in pairs.values():
            stack.enter_context(ours)
            stack.enter_context(its)
        yield pairs


def options(pairs: dict[str, tuple[socket.socket, socket.socket]], folder: Path, pipeline: str) -> list[str]:
    words = [word for name in NAMES for word in (f"--{name}", str(pairs[name][1].fileno()))]
    return [*words, "--metrics", str(folder), "--place", "3", "--pipeline", pipeline]


def test_a_worker_is_born_with_three_sockets_and_a_place(
    pairs: dict[str, tuple[socket.socket, socket.socket]], tmp_path: Path
):
    born = Born.of(options(pairs, tmp_path, "a.module:function"))
    try:
        pairs["control"][0].sendall(b"hello")

        assert born.control.recv(5) == b"hello"
        assert (born.place, born.metrics, born.pipeline) == (3, tmp_path, "a.module:function")
    finally:
        for ours in (born.listener, born.control, born.pictures):
            ours.detach()  # the fixture closes them


def run(pairs: dict[str, tuple[socket.socket, socket.socket]], folder: Path, pipeline: str) -> int:
    """Start a worker and wait for its end."""
    process = subprocess.run(
        [sys.executable, "-m", "gateway.serving.worker", *options(pairs, folder, pipeline)],
        cwd=ROOT,
        pass_fds=[its.fileno() for _, its in pairs.values()],
        timeout=60,
        check=False,
    )
    return process.returncode


@pytest.mark.slow
def test_what_keeps_a_worker_from_loading_is_told_to_its_supervisor(
    pairs: dict[str, tuple[socket.socket, socket.socket]], tmp_path: Path
):
    (tmp_path / "card.json").write_text("damaged")
    control = pairs["control"][0]
    control.sendall(line_of(settings_message(Settings(artifact=tmp_path))))

    code = run(pairs, tmp_path, "tests.gateway.serving.stand_in:load_pipeline")

    assert code == 1
    assert message_of(control.recv(65536)) == {"failed": "the artifact is damaged"}


@pytest.mark.slow
def test_a_worker_without_a_supervisor_ends_before_it_loads(
    pairs: dict[str, tuple[socket.socket, socket.socket]], tmp_path: Path
):
    pairs["control"][0].shutdown(socket.SHUT_RDWR)

    assert run(pairs, tmp_path, "no.such.module:function") == 1
