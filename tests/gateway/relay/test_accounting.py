import logging

import orjson

from gateway.detection.verdict import unchecked
from gateway.metrics import Metrics
from gateway.pipeline import ImageOutcome
from gateway.relay.accounting import account_for
from gateway.relay.exchange import Exchange


def exchange() -> Exchange:
    return Exchange("openai_chat", "openai", "/v1/chat/completions")


def outcome() -> ImageOutcome:
    verdict = unchecked("damaged")
    return ImageOutcome(b"secret pixels", "image/png", bytes_in=20, verdict=verdict, reason="damaged")


def test_the_log_line_tells_everything_but_the_image(caplog):
    found = exchange()
    found.model = "m" * 500
    found.outcomes = (outcome(),)
    found.failures.append("damaged")
    found.answer_starts(200)

    with caplog.at_level(logging.INFO, logger="gateway.access"):
        account_for(found, Metrics({}))

    (record,) = caplog.records
    line = orjson.loads(record.getMessage())
    assert line["status"] == 200
    assert line["verdict"] == "unchecked"
    assert line["reasons"] == ["damaged"]
    assert len(line["model"]) == 100
    assert "secret" not in record.getMessage()


def test_a_caller_who_left_before_the_answer_is_counted_as_499():
    metrics = Metrics({})

    account_for(exchange(), metrics)

    assert b'status="499"} 1.0' in metrics.exposition()


def test_bytes_count_as_saved_only_once_they_were_sent_on():
    refused, sent = Metrics({}), Metrics({})
    for metrics in (refused, sent):
        found = exchange()
        found.outcomes = (outcome(),)
        found.is_forwarded = metrics is sent
        account_for(found, metrics)

    assert b'jnd_bytes_saved_total{model="other"} 7.0' in sent.exposition()
    assert b"jnd_bytes_saved_total{" not in refused.exposition()
