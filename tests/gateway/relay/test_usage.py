import gzip

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from gateway.compression.compressor import CompressionPlan
from gateway.detection.verdict import Verdict
from gateway.metrics import Metrics
from gateway.pipeline import ImageOutcome
from gateway.relay.usage import Overheard, Usage, count_usage, judge, predicted_tokens

JSON = [(b"content-type", b"application/json; charset=utf-8")]
GEMINI = {
    "usageMetadata": {
        "promptTokenCount": 1130,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 10},
            {"modality": "IMAGE", "tokenCount": 1120},
        ],
    }
}


def heard(body, *, status=200, headers=JSON):
    overheard = Overheard(status, headers)
    for start in range(0, len(body), 100):
        overheard.take(body[start : start + 100])
    return overheard.usage()


@pytest.mark.parametrize(
    ("answer", "usage"),
    [
        (GEMINI, Usage(1130, 1120)),
        ({"usageMetadata": {"promptTokenCount": 9}}, Usage(9, None)),
        ({"usage": {"prompt_tokens": 777, "completion_tokens": 4}}, Usage(777, None)),
        ({"usage": {"prompt_tokens": 777, "prompt_tokens_details": {"image_tokens": 512}}}, Usage(777, 512)),
        ({"usage": {"prompt_tokens": 777, "prompt_tokens_details": {"image_tokens": 0}}}, Usage(777, None)),
        ({"usage": {"input_tokens": 30, "input_tokens_details": {"cached_tokens": 8}}}, Usage(30, None)),
        (
            {
                "usage": {
                    "input_tokens": 3,
                    "cache_read_input_tokens": 1000,
                    "cache_creation_input_tokens": 20,
                }
            },
            Usage(1023, None),
        ),
        ({"choices": []}, None),
        ({"usage": None}, None),
        ({"usage": {"prompt_tokens": "many"}}, None),
        ([1], None),
    ],
)
def test_usage_is_read_as_each_api_tells_it(answer, usage):
    assert heard(orjson.dumps(answer)) == usage


def test_packed_answers_are_read_too():
    packed = gzip.compress(orjson.dumps(GEMINI))

    assert heard(packed, headers=[*JSON, (b"content-encoding", b"gzip")]) == Usage(1130, 1120)
    assert heard(packed, headers=[*JSON, (b"content-encoding", b"nobody-knows")]) is None


def test_streams_errors_and_large_answers_are_not_listened_to():
    body = orjson.dumps(GEMINI)
    large = orjson.dumps(GEMINI | {"filling": "x" * 300_000})

    assert heard(body, headers=[(b"content-type", b"text/event-stream")]) is None
    assert heard(body, status=429) is None
    assert heard(large) is None
    assert heard(gzip.compress(large), headers=[*JSON, (b"content-encoding", b"gzip")]) is None


@given(body=st.binary(max_size=500), coding=st.sampled_from([b"", b"gzip", b"br", b"zstd", b"gzip, gzip"]))
def test_any_bytes_are_taken(body, coding):
    assert heard(body, headers=[*JSON, (b"content-encoding", coding)]) is None


@pytest.mark.parametrize(
    ("usage", "is_complete", "result"),
    [
        (Usage(1000, 1120), True, "agrees"),
        (Usage(1000, 1070), True, "agrees"),
        (Usage(1000, 560), True, "differs"),
        (Usage(2000, 2240), True, "differs"),
        (Usage(2000, 2240), False, "possible"),
        (Usage(1119, None), True, "too_high"),
        (Usage(1119, None), False, "too_high"),
        (Usage(1120, None), True, "possible"),
        (Usage(None, None), True, None),
    ],
)
def test_rules_are_judged_by_what_the_usage_can_tell(usage, is_complete, result):
    assert judge(usage, 1120, is_complete=is_complete) == result


def outcome(plan):
    verdict = Verdict("clean", 0.5, None, (), "")
    return ImageOutcome(b"", "image/png", 0, verdict, plan=plan)


def test_what_was_sent_is_predicted_and_an_image_without_a_plan_makes_it_less_than_all():
    plan = CompressionPlan("webp", 80, 9, 9, 99, 9, 100, 60, 0.0, "faithful", "")

    assert predicted_tokens((outcome(plan), outcome(plan))) == (120, True)
    assert predicted_tokens((outcome(plan), outcome(None))) == (60, False)


def test_predicted_and_reported_tokens_are_counted_for_the_same_images_alone():
    metrics = Metrics({"m"})

    for usage, is_complete in ((Usage(9999, 1000), True), (Usage(9999, 1000), False), (Usage(5, None), True)):
        count_usage(usage, 1120, metrics, is_complete=is_complete, model="m", provider="gemini")
    count_usage(Usage(5, None), 0, metrics, is_complete=True, model="m", provider="gemini")

    families = text_string_to_metric_families(metrics.exposition().decode())
    found = {
        (sample.name, sample.labels.get("result")): sample.value
        for family in families
        for sample in family.samples
        if sample.labels.get("provider") == "gemini" and sample.name.endswith("_total")
    }
    assert found == {
        ("jnd_token_rule_checks_total", "differs"): 1,
        ("jnd_token_rule_checks_total", "possible"): 1,
        ("jnd_token_rule_checks_total", "too_high"): 1,
        ("jnd_image_tokens_predicted_total", None): 1120,
        ("jnd_image_tokens_reported_total", None): 1000,
    }
