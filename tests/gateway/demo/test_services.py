import http.client
import signal
import sys
import time

import pytest

from gateway.demo.services import (
    ServiceError,
    finish_job,
    free_port,
    own_command,
    serving,
    start_job,
    stop,
)

PYTHON = sys.executable
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""


def web_server(port):
    return [PYTHON, "-m", "http.server", "--bind", "127.0.0.1", str(port)]


def test_a_server_answers_inside_the_block_and_is_gone_after_it(tmp_path):
    port = free_port()

    with serving("web", web_server(port), port=port, ready_path="/", log=tmp_path / "web.log") as service:
        assert service.get("/")[0] == http.client.OK
        assert service.address == f"http://127.0.0.1:{port}"

    assert service.process.returncode == -signal.SIGTERM
    assert service.get("/") == (0, b"")


def test_a_server_is_stopped_when_its_user_fails(tmp_path):
    port = free_port()

    with (
        pytest.raises(KeyboardInterrupt),
        serving("web", web_server(port), port=port, ready_path="/", log=tmp_path / "web.log") as service,
    ):
        raise KeyboardInterrupt

    assert service.process.poll() is not None


def test_a_server_that_ends_early_is_reported_with_the_tail_of_its_log(tmp_path):
    command = [PYTHON, "-c", "import sys; sys.exit('the model file is missing')"]

    with (
        pytest.raises(ServiceError, match=r"web ended with exit code 1(.|\n)*the model file is missing"),
        serving("web", command, port=free_port(), ready_path="/", log=tmp_path / "web.log"),
    ):
        pytest.fail("a dead server was taken for a ready one")


def test_a_server_that_never_answers_is_given_up(tmp_path):
    command = [PYTHON, "-c", "import time; time.sleep(60)"]

    with (
        pytest.raises(ServiceError, match="did not answer /ready within"),
        serving(
            "web",
            command,
            port=free_port(),
            ready_path="/ready",
            log=tmp_path / "web.log",
            timeout_seconds=0.3,
        ),
    ):
        pytest.fail("a silent server was taken for a ready one")


def test_the_last_line_of_a_job_is_its_result(tmp_path):
    job = start_job([PYTHON, "-c", "print('working'); print('{\"done\": 1}')"], log=tmp_path / "job.log")

    assert finish_job("the job", job) == '{"done": 1}'


def test_a_job_that_fails_is_reported_with_its_log(tmp_path):
    job = start_job([PYTHON, "-c", "raise SystemExit('no such picture')"], log=tmp_path / "job.log")

    with pytest.raises(ServiceError, match=r"exit code 1(.|\n)*no such picture"):
        finish_job("the job", job)


def test_a_job_without_a_result_is_a_failure(tmp_path):
    job = start_job(
        [PYTHON, "-c", "import sys; print('nothing to say', file=sys.stderr)"], log=tmp_path / "log"
    )

    with pytest.raises(ServiceError, match=r"without a result(.|\n)*nothing to say"):
        finish_job("the job", job)


def test_an_expected_exit_code_is_no_failure(tmp_path):
    job = start_job([PYTHON, "-c", "print('as is'); raise SystemExit(1)"], log=tmp_path / "job.log")

    assert finish_job("the job", job, accepted=(0, 1)) == "as is"


def test_a_job_that_takes_too_long_is_stopped(tmp_path):
    job = start_job([PYTHON, "-c", "import time; time.sleep(60)"], log=tmp_path / "job.log")

    with pytest.raises(ServiceError, match="did not end within"):
        finish_job("the job", job, timeout_seconds=0.3)

    assert job.process.poll() is not None


def test_a_process_that_ignores_the_request_to_end_is_killed(tmp_path):
    job = start_job([PYTHON, "-c", STUBBORN], log=tmp_path / "job.log")
    assert job.process.stdout is not None
    job.process.stdout.readline()
    started = time.monotonic()

    stop(job.process, patience_seconds=0.3)

    assert job.process.returncode == -signal.SIGKILL
    assert time.monotonic() - started < 5


def test_a_command_that_is_not_installed_is_named():
    with pytest.raises(ServiceError, match="jnd-nothing"):
        own_command("jnd-nothing")
