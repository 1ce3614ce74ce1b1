"""A real Prometheus scrapes a live gateway; every query of every panel and rule must return data.

Run by `make peers`, alone by `make monitoring-test`. Needs the programs of the Debian package `prometheus`.
"""

import math
import shutil
import time
from collections.abc import Iterator

import pytest

from tests.walkthrough.deployment import Query, alert_rules, panel_queries, rule_queries, substitute
from tests.walkthrough.monitored import SCRAPE_SECONDS, Monitoring, running_gateway, running_prometheus
from tests.walkthrough.traffic import one_round, one_soft_picture, photographs, running_upstream

pytestmark = pytest.mark.peers

TRAFFIC_SECONDS = 12


@pytest.fixture(scope="module")
def monitoring(tmp_path_factory) -> Iterator[Monitoring]:
    if shutil.which("prometheus") is None:
        pytest.fail("prometheus is not installed: tools/set_up.sh monitoring brings it, or says the command")
    folder = tmp_path_factory.mktemp("monitoring")
    with (
        running_upstream() as upstream,
        running_gateway(folder, upstream) as gateway,
        running_prometheus(folder, gateway.port) as prometheus,
    ):
        one_soft_picture(gateway.port, next(photographs()))
        deadline = time.monotonic() + TRAFFIC_SECONDS
        for photograph in photographs():
            one_round(gateway.port, photograph)
            if time.monotonic() > deadline:
                break
        time.sleep(2.5 * SCRAPE_SECONDS)
        yield Monitoring(prometheus)


def test_prometheus_scrapes_the_gateway_as_configured(monitoring):
    targets = monitoring.api("targets")["activeTargets"]

    assert [(target["labels"]["job"], target["health"], target["lastError"]) for target in targets] == [
        ("jnd-gateway", "up", "")
    ]


@pytest.mark.parametrize("query", panel_queries(), ids=lambda query: query.place)
def test_every_panel_shows_numbers(monitoring, query: Query):
    values = monitoring.values(substitute(query.expression, interval="30s", window="1m"))

    assert any(math.isfinite(value) for value in values), values


@pytest.mark.parametrize("query", rule_queries(), ids=lambda query: query.place)
def test_every_rule_works_out_numbers(monitoring, query: Query):
    values = monitoring.values(query.expression)

    assert any(math.isfinite(value) for value in values), values


@pytest.mark.parametrize(
    "metric",
    [
        'jnd_images_total{outcome="clean"}',
        'jnd_images_total{outcome="unchecked"}',
        "jnd_flags_total",
        'jnd_flagged_images_total{model="gpt-4o"}',
        'jnd_client_flags_total{client="acme"}',
        'jnd_client_money_saved_total{client="acme"}',
        'jnd_client_image_money_total{client="acme",currency="USD"}',
        'jnd_client_shadow_audits_total{client="acme",result="same"}',
        'jnd_p_value_count{kind="residual"}',
        'jnd_artifact_written_timestamp_seconds{part="residual"}',
        "jnd_bytes_saved_total",
        "jnd_compressions_total",
        'jnd_requests_total{status="500"}',
        'jnd_requests_total{status="502"}',
        'jnd_requests_total{model="other"}',
        'jnd_errors_total{kind="damaged"}',
        'jnd_errors_total{kind="upstream_unreachable"}',
        'jnd_unchecked_total{class="unseen",reason="damaged"}',
        "jnd_flag_evidence_total",
        "jnd_would_save_bytes_total",
        'jnd_cache_lookups_total{cache="images",result="hit"}',
        "jnd_image_pixels_out_total",
        "jnd_image_tokens_in_total",
        'jnd_upstream_requests_total{status="500"}',
        'jnd_upstream_errors_total{kind="upstream_unreachable"}',
        'jnd_client_requests_total{client="acme"}',
        'jnd_client_images_total{client="acme"}',
        "gen_ai_client_operation_duration_seconds_count",
        "gen_ai_client_operation_time_to_first_chunk_seconds_count",
        'jnd_profile_info{model="gpt-4o",source="published-prior"}',
    ],
)
def test_the_traffic_left_its_mark(monitoring, metric):
    assert sum(monitoring.values(metric)) > 0


def test_all_image_bytes_are_accounted_for(monitoring):
    came, went, saved = (
        sum(monitoring.values(f"jnd_{name}_total"))
        for name in ("image_bytes_in", "image_bytes_out", "bytes_saved")
    )

    assert came == went + saved


def test_the_rules_are_loaded_and_healthy(monitoring):
    groups = monitoring.api("rules", type="alert")["groups"]
    loaded = {rule["name"]: rule for group in groups for rule in group["rules"]}

    assert set(loaded) == {rule["alert"] for rule in alert_rules()}
    assert {rule["health"] for rule in loaded.values()} == {"ok"}


def test_the_alert_on_unchecked_images_stirs_when_a_third_of_them_is_damaged(monitoring):
    groups = monitoring.api("rules", type="alert")["groups"]
    states = {rule["name"]: rule["state"] for group in groups for rule in group["rules"]}

    assert states["JndImagesUnchecked"] == "pending"


def test_the_dashboard_can_list_the_models(monitoring):
    assert "gpt-4o" in monitoring.api("label/model/values", **{"match[]": "jnd_images_total"})
