import logging
from dataclasses import replace

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.compression.compressor import CompressionPlan
from gateway.detection.verdict import Evidence, Verdict, unchecked
from gateway.metrics import Metrics
from gateway.pipeline import ImageOutcome
from gateway.policy import PLAIN
from gateway.relay.accounting import account_for
from gateway.relay.exchange import Exchange


def exchange(**facts: object) -> Exchange:
    return Exchange("openai_chat", "openai", "/v1/chat/completions", **facts)


def outcome() -> ImageOutcome:
    verdict = unchecked("damaged")
    return ImageOutcome(b"secret pixels", "image/png", bytes_in=20, verdict=verdict, reason="damaged")


def plan(**changes: object) -> CompressionPlan:
    usual = {"format": "webp", "quality": 80, "width": 30, "height": 20, "bytes_in": 20, "bytes_out": 8}
    usual |= {"tokens_in": 100, "tokens_out": 60, "probability": 0.01, "tier": "faithful", "reason": ""}
    return CompressionPlan(**(usual | changes))


def sent(**facts: object) -> Exchange:
    """An exchange whose upstream answered."""
    found = exchange(upstream="default", **facts)
    with found.times.waiting_for_upstream():
        pass
    found.is_forwarded = True
    found.answer_starts(200)
    return found


def counted(*exchanges: Exchange, clients: tuple[str, ...] = ()) -> dict[str, float]:
    """Account for requests; return every sample that is not zero."""
    metrics = Metrics({"m": "m"}, clients)
    for each in exchanges:
        account_for(each, metrics)
    families = text_string_to_metric_families(metrics.exposition().decode())
    samples = [sample for family in families for sample in family.samples if sample.value]
    return {named(s.name, **s.labels): s.value for s in samples if not s.name.endswith("_created")}


def named(name: str, **labels: str) -> str:
    return f"{name}{dict(sorted(labels.items()))}"


@pytest.mark.parametrize(("is_looked_at", "verdict"), [(True, "none"), (False, "")])
def test_the_log_line_says_none_only_where_someone_looked(caplog, is_looked_at, verdict):
    with caplog.at_level(logging.INFO, logger="gateway.access"):
        account_for(exchange(is_looked_at=is_looked_at), Metrics({}))

    assert orjson.loads(caplog.records[0].getMessage())["verdict"] == verdict


def test_the_log_line_tells_everything_but_the_image(caplog):
    found = exchange(
        request_id="r1",
        upstream="openai",
        client="acme",
        policy=replace(PLAIN, name="strict"),
        strays=("url",),
    )
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
    assert line["reasons"] == ["damaged", "url"]
    assert line["unchecked"] == ["damaged", "url"]
    assert [line[key] for key in ("request_id", "upstream", "client", "policy")] == [
        "r1",
        "openai",
        "acme",
        "strict",
    ]
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


def test_pixels_and_tokens_are_counted_as_they_came_and_as_they_went():
    found = sent(model="m")
    clean = Verdict("clean", 0.5, None, (), "")
    found.outcomes = (
        ImageOutcome(b"x" * 8, "image/webp", 20, clean, plan(), pixels_in=2400, is_recalled=True),
    )

    samples = counted(found)

    priced = {"model": "m", "provider": "openai"}
    assert samples[named("jnd_image_tokens_in_total", **priced)] == 100
    assert samples[named("jnd_image_tokens_out_total", **priced)] == 60
    assert samples[named("jnd_image_pixels_in_total", model="m")] == 2400
    assert samples[named("jnd_image_pixels_out_total", model="m")] == 600
    assert samples[named("jnd_cache_lookups_total", cache="images", result="hit")] == 1
    assert not [name for name in samples if "would_save" in name]


def test_metadata_counts_as_left_behind_by_kind_where_the_image_was_sent_without_it():
    clean = Verdict("clean", 0.5, None, (), "")
    phone = plan(left_behind=("exif", "gps"))
    found, kept = sent(model="m"), exchange(model="m")
    found.outcomes = (
        ImageOutcome(b"x" * 8, "image/webp", 20, clean, phone),
        ImageOutcome(b"x" * 8, "image/webp", 20, clean, plan(left_behind=("gps",))),
        ImageOutcome(b"x" * 20, "image/png", 20, clean, phone, is_observed=True),
    )
    kept.outcomes = (ImageOutcome(b"x" * 8, "image/webp", 20, clean, phone),)  # never forwarded

    samples = counted(found, kept)

    counts = {name: value for name, value in samples.items() if "left_behind" in name}
    assert counts == {
        named("jnd_metadata_left_behind_total", kind="exif"): 1,
        named("jnd_metadata_left_behind_total", kind="gps"): 2,
    }


def test_what_mode_observe_left_in_is_not_counted_as_saved():
    found = sent(model="m")
    clean = Verdict("clean", 0.5, None, (), "")
    found.outcomes = (
        ImageOutcome(b"x" * 20, "image/png", 20, clean, plan(), pixels_in=2400, is_observed=True),
    )

    samples = counted(found)

    priced = {"model": "m", "provider": "openai"}
    assert samples[named("jnd_would_save_bytes_total", model="m")] == 12
    assert samples[named("jnd_would_save_tokens_total", **priced)] == 40
    assert samples[named("jnd_image_tokens_out_total", **priced)] == 100
    assert samples[named("jnd_image_pixels_out_total", model="m")] == 2400
    assert named("jnd_tokens_saved_total", **priced) not in samples
    assert named("jnd_bytes_saved_total", model="m") not in samples
    assert not [name for name in samples if name.startswith("jnd_compressions")]


def test_what_was_not_looked_at_is_counted_by_class():
    found = sent(unchecked="not_json", strays=("image_in_text", "unknown_place"))
    found.outcomes = (
        ImageOutcome(b"", "", 0, unchecked("flat"), reason="not_examined"),
        ImageOutcome(b"", "", 0, unchecked("broken"), reason="damaged"),
    )

    samples = counted(found)

    assert {name for name in samples if name.startswith("jnd_unchecked_total")} == {
        named("jnd_unchecked_total", **{"class": kind, "reason": reason})
        for kind, reason in [
            ("limit", "image_in_text"),
            ("limit", "not_examined"),
            ("unseen", "damaged"),
            ("unseen", "not_json"),
            ("unseen", "unknown_place"),
        ]
    }


def test_a_detector_that_broke_is_counted():
    found = sent()
    found.outcomes = (ImageOutcome(b"", "", 0, replace(unchecked("It failed."), failures=("alpha",))),)

    assert counted(found)[named("jnd_detector_failures_total", kind="alpha")] == 1


def test_a_flag_is_counted_by_the_evidence_that_weighed_most():
    evidence = (Evidence("residual", 1, 0.2, None, ""), Evidence("near_duplicate", 9, 0.001, 0.5, ""))
    found = sent()
    found.outcomes = (
        ImageOutcome(b"", "", 0, Verdict("imperceptible_edit", 0.001, 0.5, evidence, ""), action="block"),
    )

    assert counted(found)[named("jnd_flag_evidence_total", kind="near_duplicate", action="block")] == 1


def test_only_clients_of_the_settings_become_labels():
    ours, others = sent(client="acme"), sent(client="made-up")
    ours.outcomes = others.outcomes = (outcome(),)

    samples = counted(ours, others, clients=("acme",))

    assert {name for name in samples if "client_" in name and name.startswith("jnd_")} == {
        named("jnd_client_requests_total", client="acme", status="200"),
        named("jnd_client_images_total", client="acme", outcome="unchecked"),
        named("jnd_client_bytes_saved_total", client="acme"),
        named("jnd_client_bytes_saved_total", client="other"),
    }


def test_a_request_turned_away_is_a_refusal_and_an_error():
    found = exchange(failures=["queue_full"])
    found.answer_starts(429)

    samples = counted(found)

    assert samples[named("jnd_admission_refusals_total", kind="queue_full")] == 1
    assert samples[named("jnd_errors_total", kind="queue_full")] == 1


def test_an_upstream_is_up_while_it_answers_whatever_it_says():
    fine, broken = sent(), exchange(upstream="default", failures=["upstream_unreachable"])
    with broken.times.waiting_for_upstream():
        pass
    broken.answer_starts(502)
    up = named("jnd_upstream_up", upstream="default")

    assert counted(broken, fine)[up] == 1
    samples = counted(fine, broken)
    assert up not in samples  # zero
    assert samples[named("jnd_upstream_requests_total", upstream="default", status="200")] == 1
    assert samples[named("jnd_upstream_errors_total", upstream="default", kind="upstream_unreachable")] == 1


@pytest.mark.parametrize(
    ("status", "failures", "error"),
    [(200, [], ""), (429, [], "429"), (502, ["upstream_timeout"], "upstream_timeout")],
)
def test_operations_have_the_names_of_opentelemetry(status, failures, error):
    found = sent(model="m", failures=failures)
    found.provider, found.status = "gemini", status
    labels = {
        "gen_ai_operation_name": "chat",
        "gen_ai_provider_name": "gcp.gemini",
        "gen_ai_request_model": "m",
        "error_type": error,
    }

    assert counted(found)[named("gen_ai_client_operation_duration_seconds_count", **labels)] == 1


def test_the_first_chunk_is_timed_of_streams_alone():
    stream, whole = sent(is_stream=True), sent()
    for each in (stream, whole):
        each.times.chunk_arrives()

    counts = [
        value
        for name, value in counted(stream, whole).items()
        if name.startswith("gen_ai_client_operation_time_to_first_chunk_seconds_count")
    ]

    assert counts == [1]


def test_what_passes_through_is_no_operation():
    found = sent()
    found.dialect = "passthrough"

    assert not [name for name in counted(found) if name.startswith("gen_ai")]


def test_a_picture_is_flagged_once_whatever_the_kinds_and_the_turns_of_the_chat():
    evidence = (
        Evidence("residual", 3.0, 0.004, None, "noise", is_attack=True),
        Evidence("container", 1.0, None, None, "a second file", is_attack=True),
    )
    verdict = Verdict("imperceptible_edit", 0.004, None, evidence, "noise", flags=("container", "residual"))
    new = ImageOutcome(b"x", "image/png", 1, verdict)
    found = sent()
    found.outcomes = (new, replace(new, is_recalled=True))

    samples = counted(found)

    assert samples[named("jnd_flagged_images_total", model="other")] == 1
    assert samples[named("jnd_p_value_count", kind="residual")] == 1
    assert samples[named("jnd_p_value_bucket", kind="residual", le="0.01")] == 1
    assert named("jnd_p_value_bucket", kind="residual", le="0.001") not in samples
