"""How long to wait before a request is tried again: as long as the server asks for, else longer each time.

Knows headers and bodies of OpenAI, Anthropic and Google; sends nothing. Pauses are spread by the query's key,
so that requests refused together do not come back together, and the same run waits the same.
"""

import contextlib
import email.utils
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 60.0
_SPREAD = 0.25
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SPAN = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smh]))+")
_STEP = re.compile(r"(\d+(?:\.\d+)?)(ms|[smh])")
_RETRY_DELAY = re.compile(r'"retryDelay"\s*:\s*"([^"]{1,20})"')
# Header of what is left, header of when it is filled up again.
_LIMITS = tuple(
    (f"{prefix}{left}", f"{prefix}{reset}")
    for prefix, left, reset in (
        ("x-ratelimit-", "remaining-requests", "reset-requests"),
        ("x-ratelimit-", "remaining-tokens", "reset-tokens"),
        ("anthropic-ratelimit-", "requests-remaining", "requests-reset"),
        ("anthropic-ratelimit-", "tokens-remaining", "tokens-reset"),
        ("anthropic-ratelimit-", "input-tokens-remaining", "input-tokens-reset"),
        ("anthropic-ratelimit-", "output-tokens-remaining", "output-tokens-reset"),
    )
)


def asked_seconds(headers: Mapping[str, str], body: str, now: float) -> float | None:
    """Return how many seconds the server asks to wait; None where it does not say.

    Args:
        headers: Of the refusal, lower-case or insensitive to case.
        body: Of the refusal; Google writes `retryDelay` there.
        now: Unix seconds.
    """
    with contextlib.suppress(ValueError):
        return _not_negative(float(headers.get("retry-after-ms", "")) / 1000)
    if (asked := _read_moment(headers.get("retry-after", ""), now)) is not None:
        return asked
    if delay := _RETRY_DELAY.search(body):
        return _read_span(delay.group(1))
    resets = [headers.get(reset, "") for left, reset in _LIMITS if headers.get(left) == "0"]
    waits = [wait for reset in resets if (wait := _read_moment(reset, now)) is not None]
    return max(waits, default=None)


def own_seconds(attempt: int, key: str) -> float:
    """Return our own pause after failed attempt 0, 1, …: doubling to a cap, less up to a quarter."""
    full = min(FIRST_SECONDS * 2.0**attempt, LONGEST_SECONDS)
    return full * (1 - _SPREAD * _draw(attempt, key))


def spread(asked: float, attempt: int, key: str) -> float:
    """Return a pause the server asked for, never shorter, with up to half a second more."""
    return asked + 0.5 * _draw(attempt, key)


def _read_moment(value: str, now: float) -> float | None:
    """Read seconds, a span such as `6m0s`, an HTTP date or an RFC 3339 date."""
    with contextlib.suppress(ValueError):
        return _not_negative(float(value))
    if (span := _read_span(value)) is not None:
        return span
    with contextlib.suppress(ValueError, OverflowError):
        return max(email.utils.parsedate_to_datetime(value).timestamp() - now, 0.0)
    with contextlib.suppress(ValueError, OverflowError):
        return max(datetime.fromisoformat(value).timestamp() - now, 0.0)
    return None


def _read_span(value: str) -> float | None:
    if not _SPAN.fullmatch(value):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _STEP.findall(value))


def _not_negative(seconds: float) -> float:
    if not seconds < float("inf"):
        raise ValueError(f"expected a finite number of seconds, got {seconds}")
    return max(seconds, 0.0)


def _draw(attempt: int, key: str) -> float:
    """Return a number in [0, 1) that depends on the query and the attempt alone."""
    return int.from_bytes(hashlib.sha256(f"{key}/{attempt}".encode()).digest()[:8], "big") / 2**64
