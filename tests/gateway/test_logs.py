"""In processes of their own: how a process logs is set up once, for all of it."""

import subprocess
import sys

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


def test_a_request_is_one_line_of_json_and_everything_else_a_plain_one():
    code = """
log("gateway.access").info('{"status": 200}')
log("gateway.relay").warning("the upstream broke off")
"""

    assert logged(code) == ['{"status": 200}', "WARNING gateway.relay: the upstream broke off"]


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("log('gateway.relay').debug('a detail')", []),  # helps in debugging only
        ("configure_logging(); log('gateway.access').info('{}')", ["{}"]),  # set up twice, told once
    ],
)
def test_nothing_is_told_in_vain(code: str, lines: list[str]):
    assert logged(code) == lines
