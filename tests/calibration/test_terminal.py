import logging

import pytest

from calibration.terminal import progress


def test_logged_warnings_are_printed_while_a_command_runs_and_not_after(capsys: pytest.CaptureFixture[str]):
    logger = logging.getLogger("calibration.observers.anything")

    with progress("asking"):
        logger.warning("m: HTTP 429 [slow]; asked again in %.1f s", 2.0)
        logger.info("not this")
    during = capsys.readouterr().err
    handlers = logging.getLogger("calibration").handlers

    assert "warning: m: HTTP 429 [slow]; asked again in 2.0 s" in during
    assert "not this" not in during
    assert handlers == []
