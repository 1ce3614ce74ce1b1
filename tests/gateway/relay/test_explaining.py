from dataclasses import replace

from gateway.compression.compressor import CompressionPlan
from gateway.detection.verdict import Verdict, unchecked
from gateway.pipeline import ImageOutcome
from gateway.policy import PLAIN
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
    headers = dict(explaining_headers(Exchange("openai_chat", "openai", "/", is_looked_at=True)))

    assert headers[b"x-jnd-verdict"] == b"none"
    assert not {b"x-jnd-reason", b"x-jnd-ratio", b"x-jnd-explanation"} & set(headers)
    assert not {b"x-jnd-unchecked", b"x-jnd-policy", b"x-jnd-request-id"} & set(headers)


def test_a_request_refused_before_anyone_looked_has_no_verdict():
    headers = dict(explaining_headers(Exchange("openai_chat", "openai", "/", failures=["unknown_client"])))

    assert b"x-jnd-verdict" not in headers
    assert headers[b"x-jnd-bytes-saved"] == b"0"
    assert headers[b"x-jnd-reason"] == b"unknown_client"


def test_images_whose_quality_is_a_guess_are_numbered_beside_the_qualities():
    judged, unjudged = outcome(Verdict("clean", 0.5, None, (), "")), outcome(unchecked("url"))
    exchange = Exchange("openai_chat", "openai", "/")
    exchange.outcomes = (
        replace(judged, quality=62.4),
        unjudged,
        replace(judged, quality=30.0, is_quality_guessed=True),
    )

    headers = dict(explaining_headers(exchange))

    assert (headers[b"x-jnd-quality"], headers[b"x-jnd-quality-guessed"]) == (b"62,-,30", b"3")
    exchange.outcomes = exchange.outcomes[:2]
    assert b"x-jnd-quality-guessed" not in dict(explaining_headers(exchange))


def test_what_was_not_looked_at_has_its_header_beside_the_verdict():
    exchange = Exchange("openai_chat", "openai", "/", strays=("image_in_text", "unknown_place"))
    exchange.outcomes = (outcome(Verdict("clean", 0.5, None, (), "")),)

    headers = dict(explaining_headers(exchange))

    assert headers[b"x-jnd-verdict"] == b"clean"
    assert headers[b"x-jnd-unchecked"] == b"image_in_text,unknown_place"


def test_mode_observe_tells_what_would_have_been_saved():
    plan = CompressionPlan("webp", 80, 30, 20, 10, 4, 100, 60, 0.01, "faithful", "")
    exchange = Exchange("openai_chat", "openai", "/")
    exchange.outcomes = (
        ImageOutcome(b"x" * 10, "image/png", 10, Verdict("clean", 0.5, None, (), ""), plan, is_observed=True),
    )

    headers = dict(explaining_headers(exchange))

    assert (headers[b"x-jnd-would-save-bytes"], headers[b"x-jnd-would-save-tokens"]) == (b"6", b"40")
    assert (headers[b"x-jnd-bytes-saved"], headers[b"x-jnd-tokens-saved"]) == (b"0", b"0")


def test_limits_and_what_pictures_lost_to_them_are_told():
    plan = CompressionPlan(
        "webp", None, 9, 9, 10, 3, 1, 1, 0.0, "exact", "", left_behind=("gps", "animation")
    )
    exchange = Exchange("openai_chat", "openai", "/", limit_step=2, exceeded=("images", "aspect"))
    exchange.outcomes = (replace(outcome(Verdict("clean", 0.5, None, (), "")), plan=plan),) * 2

    headers = dict(explaining_headers(exchange))

    assert (headers[b"x-jnd-limits"], headers[b"x-jnd-limit-step"]) == (b"images,aspect", b"2")
    assert headers[b"x-jnd-reason"] == b"animation_lost"


def test_the_policy_and_the_request_are_named():
    exchange = Exchange("openai_chat", "openai", "/", policy=replace(PLAIN, name="strict"), request_id="r1")

    headers = dict(explaining_headers(exchange))

    assert (headers[b"x-jnd-policy"], headers[b"x-jnd-request-id"]) == (b"strict", b"r1")
