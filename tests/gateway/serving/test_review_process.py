"""What the review process says to its supervisor, in the order in which both speak."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping

from gateway.serving.handover import line_of, message_of, settings_message
from gateway.serving.listener import listen_on
from gateway.serving.review_process import main, named_in
from gateway.settings import Settings
from tests.gateway.serving.conftest import ROOT


@contextlib.contextmanager
def started() -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", main.__module__, "--control", str(theirs.fileno())]
    with (
        ours,
        subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=ROOT, stderr=subprocess.PIPE) as process,
    ):
        theirs.close()
        yield process, ours
        process.kill()


def told(settings: Settings) -> tuple[Mapping[str, str], int]:
    with started() as (process, control):
        control.sendall(line_of(settings_message(settings)))
        with control.makefile("rb") as lines:
            return message_of(lines.readline()), process.wait(30)


def test_a_port_that_is_taken_is_told_and_ends_it(tmp_path):
    with contextlib.closing(listen_on("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        review = {"store": "hashes", "directory": tmp_path, "listen": address, "key": "k" * 24}
        message, code = told(Settings(review=review))

    assert "is in use" in message["failed"] and code == 1


def test_a_supervisor_that_is_gone_ends_it():
    with started() as (process, control):
        control.close()

        assert process.wait(30) == 1


def test_the_settings_name_what_metrics_have_as_labels():
    settings = Settings(
        upstream={"base_url": "http://localhost/v1", "provider": "openai"},
        models={"gpt-4o": "gpt-4o"},
        model_map={"fast": "gpt-4o-mini"},
        clients=[{"name": "acme", "key": "k" * 20}],
    )

    named = named_in(settings)

    assert named.models == {"gpt-4o", "gpt-4o-mini"}
    assert named.clients == {"acme"}
