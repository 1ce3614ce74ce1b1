import logging

import orjson
import pytest

from gateway.detection.verdict import Verdict, unchecked
from gateway.metrics import Metrics
from gateway.pipeline import ImageOutcome
from gateway.relay.exchange import Exchange


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def exchange(clock):
    return Exchange("openai_chat", "openai", "/v1/chat/completions", clock=clock)


def _outcome(verdict: Verdict, data: bytes = b"123", reason: str = "") -> ImageOutcome:
    return ImageOutcome(data, "image/png", bytes_in=10, verdict=verdict, reason=reason)


def test_overhead_leaves_out_slow_callers_and_slow_models(exchange, clock):
    clock.now += 50  # the caller sends its body slowly
    exchange.body_arrived()
    clock.now += 0.25
    with exchange.waiting_for_upstream():
        clock.now += 30
    clock.now += 0.5
    exchange.answer_starts(200)

    assert exchange.overhead_seconds == pytest.approx(0.75)
    assert exchange.upstream_seconds == pytest.approx(30)


def test_headers_sum_several_images_up(exchange):
    flagged = Verdict("imperceptible_edit", 0.001, 0.25, (), "hidden\nnoise · added")
    exchange.outcomes = (_outcome(flagged), _outcome(unchecked("url"), b"1234567890", "url"))

    headers = dict(exchange.headers())

    assert headers[b"x-jnd-verdict"] == b"imperceptible_edit"
    assert headers[b"x-jnd-bytes-saved"] == b"7"
    assert headers[b"x-jnd-reason"] == b"url"
    assert headers[b"x-jnd-ratio"] == b"0.250"
    assert headers[b"x-jnd-explanation"] == b"hidden noise ? added"


def test_request_without_images_has_verdict_none(exchange):
    assert dict(exchange.headers())[b"x-jnd-verdict"] == b"none"


def test_log_line_tells_everything_but_the_image(exchange, caplog):
    exchange.model = "m" * 500
    exchange.outcomes = (_outcome(unchecked("damaged"), b"secret pixels", "damaged"),)
    exchange.failures.append("damaged")
    exchange.answer_starts(200)

    with caplog.at_level(logging.INFO, logger="gateway.access"):
        exchange.finish(Metrics({}))

    (record,) = caplog.records
    line = orjson.loads(record.getMessage())
    assert line["status"] == 200
    assert line["verdict"] == "unchecked"
    assert line["reasons"] == ["damaged"]
    assert len(line["model"]) == 100
    assert "secret" not in record.getMessage()


def test_caller_who_left_before_the_answer_is_counted_as_499(exchange):
    metrics = Metrics({})

    exchange.finish(metrics)

    assert b'status="499"} 1.0' in metrics.exposition()
