"""Real processes on real sockets: what happens to requests when workers crash, change and end."""

import contextlib
import http.client
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import psutil
import pytest

from calibration.image import Image, encode_png
from gateway.serving.supervisor import supervise
from gateway.settings import Settings
from tests.gateway.conftest import Answer, FakeUpstream, Server
from tests.gateway.serving.conftest import ROOT, Running, holds, load, read_until

ANSWERED = 'jnd_requests_total{dialect="openai_chat",model="other",status="200"}'


@contextlib.contextmanager
def streaming(gateway: Running, behaviour: str) -> Iterator[http.client.HTTPResponse]:
    """Ask for a stream of the upstream's, on a connection of its own."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)) as connection:
        connection.request("POST", "/v1/chat/completions", b"{}", {"x-test": behaviour})
        yield connection.getresponse()


def asking(gateway: Running, behaviour: str) -> Callable[[], Answer]:
    """Ask in the background; calling the result waits for the answer."""
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(gateway.chat(b"{}", x_test=behaviour)))
    thread.start()

    def answer() -> Answer:
        thread.join()
        return answers[0]

    return answer


def test_the_supervisor_loads_no_predictor():
    code = "import sys, gateway.serving.supervisor, gateway.startup; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


@pytest.mark.slow
def test_a_killed_worker_is_replaced_while_the_others_answer_and_no_number_goes_back(
    running: Callable[..., Running],
):
    gateway = running()
    for _ in range(20):
        assert gateway.chat(b"{}").status == 200
    assert gateway.settles_at(ANSWERED, 20)
    before = {worker.pid for worker in gateway.workers()}

    with load(gateway.port) as found:
        victim = gateway.worker_that_answers()
        psutil.Process(victim).kill()
        assert holds(lambda: len(gateway.workers()) == 2 and victim not in pids(gateway))
        assert gateway.settles_at("jnd_worker_crashes_total", 1)
        assert gateway.metric(ANSWERED) >= 20
        assert holds(lambda: len(answering(gateway)) == 2)

    assert set(found.statuses) == {200}
    assert len(found.failures) <= 4  # of the connections that the killed worker held
    # An answer is counted once it is out: a kill in between leaves one that a held connection got uncounted.
    answered = 20 + len(found.statuses)
    assert holds(lambda: abs(gateway.metric(ANSWERED) - answered) <= len(found.failures))
    assert len(before & pids(gateway)) == 1


@pytest.mark.slow
def test_new_settings_are_taken_over_under_load_without_losing_a_request(
    running: Callable[..., Running], tmp_path: Path
):
    version = tmp_path / "card.json"
    version.write_text("first")
    gateway = running(artifact=str(tmp_path))
    before = pids(gateway)

    with load(gateway.port) as found:
        version.write_text("second")
        gateway.signal(signal.SIGHUP)
        assert gateway.says("reloaded", 60)
        assert holds(lambda: not before & pids(gateway))
    assert found.failures == []
    assert set(found.statuses) == {200}
    assert {gateway.artifact().split()[0] for _ in range(20)} == {"second"}
    assert gateway.settles_at(ANSWERED, len(found.statuses))
    assert gateway.metric('jnd_reloads_total{outcome="done"}') == 1


@pytest.mark.slow
def test_settings_that_cannot_be_used_leave_the_old_ones_in_use_and_say_why(
    running: Callable[..., Running], tmp_path: Path
):
    version = tmp_path / "card.json"
    version.write_text("first")
    gateway = running(artifact=str(tmp_path), listen={"workers": 1})
    before = pids(gateway)

    version.write_text("damaged")
    gateway.signal(signal.SIGHUP)
    assert gateway.says(f"reloading {gateway.config}")  # at once, whatever comes of it
    assert gateway.says("the artifact is damaged", 60)
    gateway.write(policy={"mod": "block"})
    gateway.signal(signal.SIGHUP)
    assert gateway.says("policy.mod")

    assert pids(gateway) == before
    assert gateway.chat(b"{}").status == 200
    assert gateway.metric('jnd_reloads_total{outcome="failed"}') == 1
    assert gateway.metric('jnd_reloads_total{outcome="refused"}') == 1


@pytest.mark.slow
def test_a_reload_changes_the_number_of_workers(running: Callable[..., Running]):
    gateway = running(listen={"workers": 1})
    settings = orjson.loads(gateway.config.read_bytes())
    assert b"jnd_worker_crashes_total 0.0" in gateway.ask("GET", "/metrics").body

    for count in (3, 2):
        gateway.write(**settings | {"listen": settings["listen"] | {"workers": count}})
        before = pids(gateway)
        gateway.signal(signal.SIGHUP)
        assert holds(lambda count=count, before=before: len(pids(gateway) - before) == count, 90)
        assert holds(lambda before=before: not pids(gateway) & before)


@pytest.mark.slow
def test_a_worker_that_crashes_after_the_file_was_spoilt_comes_back_with_the_settings_in_use(
    running: Callable[..., Running],
):
    gateway = running(listen={"workers": 1})
    gateway.config.write_text("policy: [")

    (victim,) = pids(gateway)
    psutil.Process(victim).kill()

    assert holds(lambda: bool(pids(gateway) - {victim}))
    assert holds(lambda: answers(gateway), 90)
    assert gateway.chat(b"{}").status == 200


@pytest.mark.slow
def test_sigterm_lets_a_stream_finish_tells_keep_alive_callers_and_exits_0(running: Callable[..., Running]):
    gateway = running()
    idle = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    idle.request("GET", "/livez")
    idle.getresponse().read()

    with contextlib.closing(idle), streaming(gateway, "slow_stream") as stream:
        read_until(stream, b"data: 1\n\n")
        gateway.signal(signal.SIGTERM)
        assert holds(lambda: refuses(gateway.port))
        idle.request("GET", "/livez")
        last = idle.getresponse()
        assert (last.status, last.getheader("connection")) == (200, "close")
        last.read()
        assert stream.read().endswith(b"data: [DONE]\n\n")

    assert gateway.process.wait(10) == 0
    assert "Traceback" not in gateway.log


@pytest.mark.slow
def test_what_outlasts_the_drain_is_told_in_its_dialect_or_cut_where_it_had_started(
    running: Callable[..., Running], upstream: FakeUpstream
):
    gateway = running(listen={"workers": 1, "drain_seconds": 1})
    answer = asking(gateway, "silent")

    with streaming(gateway, "endless") as stream:
        read_until(stream, b"data: 1\n\n")
        assert holds(lambda: len(upstream.requests) == 2)
        gateway.signal(signal.SIGTERM)
        with pytest.raises(http.client.IncompleteRead):
            stream.read()

    assert (answer().status, answer().error["code"]) == (503, "shutting_down")
    assert answer().headers["retry-after"] == "1"
    assert gateway.process.wait(10) == 0
    assert "Traceback" not in gateway.log
    assert upstream.hung_up.wait(5)


@pytest.mark.slow
def test_a_second_sigterm_ends_the_drain(running: Callable[..., Running]):
    gateway = running(listen={"drain_seconds": 600})
    answer = asking(gateway, "silent")
    assert gateway.settles_at("jnd_in_flight_requests", 1)

    gateway.signal(signal.SIGTERM)
    assert holds(lambda: refuses(gateway.port))
    gateway.signal(signal.SIGTERM)

    assert answer().status == 503
    assert gateway.process.wait(10) == 0


@pytest.mark.slow
def test_numbers_are_the_sum_over_workers_whoever_is_asked(running: Callable[..., Running]):
    gateway = running()
    asked: dict[int, int] = {}
    while len(asked) < 2 or sum(asked.values()) < 30:
        pid = gateway.worker_that_answers()
        asked[pid] = asked.get(pid, 0) + 1
        assert gateway.chat(b"{}").status == 200

    assert gateway.settles_at(ANSWERED, sum(asked.values()))
    assert {gateway.metric(ANSWERED) for _ in range(20)} == {sum(asked.values())}


@pytest.mark.slow
def test_an_edit_is_noticed_whichever_worker_saw_the_original(
    running: Callable[..., Running], picture: Image, chat_body: Callable[..., bytes]
):
    gateway = running()
    original, edited = encode_png(picture), encode_png(Image(255 - picture.pixels))
    with contextlib.ExitStack() as connections:
        one, other = (Connection(gateway, connections) for _ in range(2))
        while one.worker() == other.worker():
            other = Connection(gateway, connections)

        first = one.chat(chat_body(original))
        second = other.chat(chat_body(edited))

    assert (first, second) == ("clean", "imperceptible_edit")
    assert gateway.metric('jnd_errors_total{kind="seen_pictures"}') == 0


@pytest.mark.slow
def test_workers_whose_supervisor_was_killed_finish_and_end_and_leave_no_files(
    running: Callable[..., Running],
):
    gateway = running()
    workers = gateway.workers()
    (folder,) = {Path(word) for word in workers[0].cmdline() if "jnd-metrics-" in word}

    with streaming(gateway, "slow_stream") as stream:
        read_until(stream, b"data: 1\n\n")
        gateway.process.kill()
        gateway.process.wait()
        assert stream.read().endswith(b"data: [DONE]\n\n")

    assert holds(lambda: not any(worker.is_running() for worker in workers), 10)
    assert not folder.exists()


@pytest.mark.slow
def test_a_port_in_use_is_told_before_anything_is_loaded(running: Callable[..., Running]):
    gateway = running(listen={"workers": 1})

    second = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "serve", "--config", str(gateway.config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert second.returncode == 2
    assert f"port {gateway.port}" in second.stderr
    assert "--port" in second.stderr


class Connection:
    """A kept connection: one worker answers all of it."""

    def __init__(self, gateway: Server, open_ones: contextlib.ExitStack) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
        self._connection = open_ones.enter_context(contextlib.closing(connection))

    def worker(self) -> bytes:
        self._connection.request("GET", "/readyz")
        return self._connection.getresponse().read()

    def chat(self, body: bytes) -> str | None:
        self._connection.request("POST", "/v1/chat/completions", body, {"authorization": "Bearer a"})
        response = self._connection.getresponse()
        response.read()
        return response.getheader("x-jnd-verdict")


def pids(gateway: Running) -> set[int]:
    return {worker.pid for worker in gateway.workers()}


def answering(gateway: Running) -> set[int]:
    return {gateway.worker_that_answers() for _ in range(20)}


def answers(gateway: Running) -> bool:
    try:
        return gateway.ask("GET", "/livez").status == http.client.OK
    except TimeoutError:  # it waits for a worker that still loads
        return False


def refuses(port: int) -> bool:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.connect()
        except ConnectionRefusedError:
            return True
        return False


def test_settings_are_read_before_the_port_is_opened():
    def read() -> Settings:
        raise LookupError("the first thing")

    with pytest.raises(LookupError, match="the first thing"):
        supervise(read, announce=lambda _: None)


@pytest.mark.slow
def test_callers_are_shared_out_over_the_workers(running: Callable[..., Running]):
    gateway = running()

    with contextlib.ExitStack() as connections:
        answered = [Connection(gateway, connections).worker() for _ in range(40)]

    assert {answered.count(worker) for worker in set(answered)} <= set(range(16, 25))
