from gateway.errors import (
    TOO_LARGE,
    ImageBlockedError,
    QueueFullError,
    RequestRefusedError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)

RETRIED_BY_SDKS = {408, 409, 429, *range(500, 600)}


def test_sdks_do_not_retry_what_will_not_change():
    refused = [RequestRefusedError(kind, "m") for kind in ("not_json", *TOO_LARGE)]

    assert not {error.http_status for error in [ImageBlockedError("m"), *refused]} & RETRIED_BY_SDKS


def test_sdks_retry_what_may_pass():
    passing = (QueueFullError("m"), UpstreamTimeoutError("m"), UpstreamUnreachableError("m"))

    assert {error.http_status for error in passing} <= RETRIED_BY_SDKS
    assert QueueFullError("m").headers["retry-after"] == "1"


def test_exceeding_a_limit_is_413_and_everything_else_400():
    assert RequestRefusedError("too_many_pixels", "m").http_status == 413
    assert RequestRefusedError("damaged", "m").http_status == 400
