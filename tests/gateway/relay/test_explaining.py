from gateway.detection.verdict import Verdict, unchecked
from gateway.pipeline import ImageOutcome
from gateway.relay.exchange import Exchange
from gateway.relay.explaining import explaining_headers


def outcome(verdict: Verdict, data: bytes = b"123", reason: str = "") -> ImageOutcome:
    return ImageOutcome(data, "image/png", bytes_in=10, verdict=verdict, reason=reason)


def test_headers_sum_several_images_up():
    exchange = Exchange("openai_chat", "openai", "/")
    flagged = Verdict("imperceptible_edit", 0.001, 0.25, (), "hidden\nnoise · added")
    exchange.outcomes = (outcome(flagged), outcome(unchecked("url"), b"1234567890", "url"))

    headers = dict(explaining_headers(exchange))

    assert headers[b"x-jnd-verdict"] == b"imperceptible_edit"
    assert headers[b"x-jnd-bytes-saved"] == b"7"
    assert headers[b"x-jnd-reason"] == b"url"
    assert headers[b"x-jnd-ratio"] == b"0.250"
    assert headers[b"x-jnd-explanation"] == b"hidden noise ? added"


def test_what_there_is_nothing_to_say_of_has_no_header():
    headers = dict(explaining_headers(Exchange("openai_chat", "openai", "/")))

    assert headers[b"x-jnd-verdict"] == b"none"
    assert not {b"x-jnd-reason", b"x-jnd-ratio", b"x-jnd-explanation"} & set(headers)
