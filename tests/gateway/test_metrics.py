from prometheus_client.parser import text_string_to_metric_families

from gateway.metrics import Metrics


def test_two_apps_never_share_numbers():
    first, second = Metrics({}), Metrics({})

    first.errors.labels("damaged").inc()

    assert b'kind="damaged"' in first.exposition()
    assert b'kind="damaged"' not in second.exposition()


def test_only_configured_models_become_labels():
    metrics = Metrics({"gpt-4o": "gpt-4o"})

    assert [metrics.model_label(name) for name in ("gpt-4o", "made-up", "")] == ["gpt-4o", "other", "other"]


def test_exposition_is_what_prometheus_reads():
    metrics = Metrics({})
    metrics.describe_build("1.0", "abc")

    families = {family.name for family in text_string_to_metric_families(metrics.exposition().decode())}

    assert {"jnd_requests", "jnd_images", "jnd_flags", "jnd_errors", "jnd_overhead_seconds"} <= families
    assert {"jnd_stage_seconds", "jnd_upstream_seconds", "jnd_in_flight_requests"} <= families
    assert b'jnd_build_info{artifact="abc",version="1.0"} 1.0' in metrics.exposition()


def test_failures_are_at_zero_before_the_first_one():
    assert b'jnd_errors_total{kind="upstream_timeout"} 0.0' in Metrics({}).exposition()
