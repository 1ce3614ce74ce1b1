"""A pytest plugin: a skipped test is a failed one, for a green run must mean that every test ran.

What cannot run everywhere carries a marker (`peers`, `network`, `gpu`) and runs where it can.
"""

from collections.abc import Generator

import pytest

_ADVICE = "no test may be skipped: have it bring what it needs, or mark it peers, network or gpu"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not hasattr(report, "wasxfail"):
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.outcome == "skipped":
        report.longrepr = f"{_ADVICE}\n{report.longreprtext}"
        report.outcome = "failed"
