import logging

import pytest

from calibration.observers.account import RetryAccount


def test_retries_are_counted_by_reason_and_told_without_flooding(caplog: pytest.LogCaptureFixture):
    now = [0.0]
    account = RetryAccount("m", clock=lambda: now[0])

    with caplog.at_level(logging.WARNING):
        for _ in range(30):
            account.note("HTTP 429", 2.0, "HTTP 429: slow down")
            now[0] += 1.0
        account.note("timeout", 0.5, "no answer within 120 s")

    assert account.by_reason == {"HTTP 429": 30, "timeout": 1}
    assert account.waited_seconds == pytest.approx(60.5)
    assert [record.message for record in caplog.records] == [
        "m: HTTP 429: slow down; asked again in 2.0 s",
        "m: HTTP 429: slow down (21 times so far); asked again in 2.0 s",
        "m: no answer within 120 s; asked again in 0.5 s",
    ]


def test_each_retry_is_in_the_log_of_those_who_want_them_all(caplog: pytest.LogCaptureFixture):
    account = RetryAccount("m", clock=lambda: 0.0)

    with caplog.at_level(logging.INFO, logger="calibration"):
        for _ in range(3):
            account.note("HTTP 503", 1.0, "HTTP 503")

    assert len(caplog.records) == 3
