from datetime import UTC, datetime
from email.utils import formatdate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.observers.pauses import LONGEST_SECONDS, asked_seconds, own_seconds, spread

NOW = 1_800_000_000.0
RFC_3339 = datetime.fromtimestamp(NOW + 9, UTC).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, "", 7),
        ({"retry-after": "0.25"}, "", 0.25),
        ({"retry-after": "-3"}, "", 0),
        ({"retry-after": formatdate(NOW + 12, usegmt=True)}, "", 12),
        ({"retry-after": formatdate(NOW - 12, usegmt=True)}, "", 0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, "", 1.5),
        ({}, '{"error": {"details": [{"retryDelay": "36.5s"}]}}', 36.5),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"}, "", 90),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20ms"}, "", 0.02),
        ({"x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "6m0s"}, "", None),
        (
            {"anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": RFC_3339},
            "",
            9,
        ),
        ({"retry-after": "soon"}, "", None),
        ({"retry-after": "nan"}, "", None),
        ({"retry-after": "inf"}, "", None),
        ({}, "", None),
    ],
)
def test_what_the_server_asks_for_is_understood(headers: dict[str, str], body: str, seconds: float | None):
    assert asked_seconds(headers, body, NOW) == (seconds if seconds is None else pytest.approx(seconds))


@settings(deadline=None)
@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=60))
def test_no_header_breaks_the_reading(after: str, reset: str, body: str):
    headers = {"retry-after": after, "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": reset}

    seconds = asked_seconds(headers, body, NOW)

    assert seconds is None or 0 <= seconds < float("inf")


@settings(deadline=None)
@given(st.integers(0, 40), st.text(max_size=10))
def test_our_own_pause_grows_to_a_cap_and_is_the_same_every_time(attempt: int, key: str):
    pause = own_seconds(attempt, key)

    assert pause == own_seconds(attempt, key)
    assert 0.375 <= pause <= LONGEST_SECONDS
    assert own_seconds(attempt + 2, key) > pause or pause > 0.75 * LONGEST_SECONDS


def test_queries_refused_together_do_not_come_back_together():
    assert len({own_seconds(0, str(key)) for key in range(20)}) == 20
    assert len({spread(7, 0, str(key)) for key in range(20)}) == 20


@settings(deadline=None)
@given(st.floats(0, 300), st.text(max_size=10))
def test_a_wish_is_never_cut_short(asked: float, key: str):
    assert asked <= spread(asked, 1, key) <= asked + 0.5
