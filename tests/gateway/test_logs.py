"""In processes of their own: how a process logs is set up once, for all of it."""

import json
import os
import subprocess
import sys
import time

import pytest

SET_UP = (
    "import logging; from gateway.logs import configure_logging; configure_logging(); log = logging.getLogger"
)


def logged(code: str) -> list[str]:
    """Run code after logging was set up; return the lines on stderr."""
    ran = subprocess.run(
        [sys.executable, "-c", f"{SET_UP}\n{code}"], capture_output=True, text=True, check=True
    )
    assert ran.stdout == ""
    return ran.stderr.splitlines()


def test_a_request_is_the_line_it_was_written_as():
    assert logged("""log("gateway.access").info('{"status": 200}')""") == ['{"status": 200}']


def test_everything_else_is_json_with_its_level_and_source():
    (line,) = logged("""log("gateway.relay").warning("the %s broke off", "upstream")""")

    fields = json.loads(line)
    assert time.strptime(fields.pop("time"), "%Y-%m-%dT%H:%M:%SZ")
    assert fields == {"level": "WARNING", "source": "gateway.relay", "message": "the upstream broke off"}


def test_an_exception_is_one_line_with_its_traceback():
    (line,) = logged("try:\n    1 / 0\nexcept ZeroDivisionError:\n    log('gateway').exception('failed')")

    assert "ZeroDivisionError: division by zero" in json.loads(line)["exception"]


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("log('gateway.relay').debug('a detail')", []),  # helps in debugging only
        ("configure_logging(); log('gateway.access').info('{}')", ["{}"]),  # set up twice, told once
        ("log('gateway.access').info('100 % and {}')", ["100 % and {}"]),  # nothing is filled in
    ],
)
def test_nothing_is_told_in_vain(code: str, lines: list[str]):
    assert logged(code) == lines


def test_no_line_is_lost_or_torn_when_threads_write_and_the_process_ends():
    code = """
import threading
def write(name):
    for number in range(500):
        log("gateway.access").info(name * 200 + str(number))
threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
    expected = {name * 200 + str(number) for name in "abcd" for number in range(500)}

    lines = logged(code)

    assert len(lines) == len(expected)
    assert set(lines) == expected


def test_a_line_is_written_before_the_process_ends():
    code = f"{SET_UP}\nlog('gateway.access').info('early')\nimport time; time.sleep(60)"
    reading, writing = os.pipe()
    with subprocess.Popen([sys.executable, "-c", code], stderr=writing) as process:
        os.close(writing)
        try:
            assert os.read(reading, 100) == b"early\n"
        finally:
            process.kill()
            os.close(reading)


def test_a_forked_child_writes_its_own_lines_and_not_its_parents():
    code = """
import os
log("gateway.access").info("parent")
child = os.fork()
if child == 0:
    log("gateway.access").info("child")
    logging.shutdown()
    os._exit(0)
os.waitpid(child, 0)
"""

    assert sorted(logged(code)) == ["child", "parent"]


def test_a_process_ended_by_a_signal_loses_nothing_that_came_before_its_last_word():
    code = """
import os, signal
log("gateway.access").info("request")
log("gateway").info("stopping")
os.kill(os.getpid(), signal.SIGKILL)
"""

    ran = subprocess.run([sys.executable, "-c", SET_UP + code], capture_output=True, text=True, check=False)

    assert ran.stderr.splitlines()[0] == "request"
    assert json.loads(ran.stderr.splitlines()[1])["message"] == "stopping"
