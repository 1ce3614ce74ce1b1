import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.compression.plan import CompressionPlan
from gateway.detection.verdict import Verdict
from gateway.metrics import Metrics
from gateway.pipeline import ImageOutcome
from gateway.providers.prices import Tariff
from gateway.relay.client_accounting import count_for_client
from gateway.relay.exchange import Exchange

CLEAN = Verdict("clean", 0.5, None, (), "")
HIDDEN = Verdict("imperceptible_edit", 0.001, None, (), "", flags=("hidden_text", "residual"))
PLAN = CompressionPlan(
    format="webp",
    quality=80,
    width=30,
    height=20,
    bytes_in=20,
    bytes_out=8,
    tokens_in=1_000_000,
    tokens_out=400_000,
    probability=0.01,
    tier="faithful",
    reason="",
)


def counted(
    client: str,
    *outcomes: ImageOutcome,
    model: str = "gpt-4o",
    is_forwarded: bool = True,
    tariff: Tariff | None = None,
):
    """Account for one request; return what is not zero, by name without its prefix, for each client."""
    metrics = Metrics({"gpt-4o"}, ["acme"], tariff=tariff)
    exchange = Exchange("openai_chat", "openai", "/v1/chat/completions", client=client, model=model)
    exchange.outcomes, exchange.is_forwarded = outcomes, is_forwarded
    count_for_client(exchange, metrics)
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (
            sample.name.removeprefix("jnd_").removesuffix("_total"),
            *sorted(sample.labels.values()),
        ): sample.value
        for family in families
        for sample in family.samples
        if sample.value and not sample.name.endswith("_created")
    }


def lightened(verdict: Verdict = CLEAN, **facts: object) -> ImageOutcome:
    return ImageOutcome(b"x" * 8, "image/webp", 20, verdict, PLAN, **facts)


def test_what_was_saved_is_told_in_bytes_tokens_and_dollars_of_the_list():
    assert counted("acme", lightened()) == {
        ("client_bytes_saved", "acme"): 12,
        ("client_tokens_saved", "acme"): 600_000,
        ("client_image_money", "USD", "acme"): pytest.approx(0.4 * 2.5),
        ("client_money_saved", "USD", "acme"): pytest.approx(0.6 * 2.5),
    }


def test_money_is_told_by_the_operators_own_prices_and_in_their_currency():
    found = counted("acme", lightened(), tariff=Tariff("EUR", {"gpt-4o": 2.0}))

    assert found[("client_image_money", "EUR", "acme")] == pytest.approx(0.4 * 2.0)
    assert found[("client_money_saved", "EUR", "acme")] == pytest.approx(0.6 * 2.0)


def test_dollars_of_the_list_are_never_added_to_another_currency():
    found = counted("acme", lightened(), tariff=Tariff("EUR", {"gpt-5": 1.0}))

    assert found[("unpriced_image_tokens", "openai")] == 1_000_000
    assert not [name for name in found if "money" in name[0]]


def test_mode_observe_tells_what_it_left_in():
    found = counted("acme", ImageOutcome(b"x" * 20, "image/png", 20, CLEAN, PLAN, is_observed=True))

    assert found[("client_would_save_money", "USD", "acme")] == pytest.approx(1.5)
    assert found[("client_image_money", "USD", "acme")] == pytest.approx(2.5)
    assert ("client_money_saved", "USD", "acme") not in found


def test_callers_whom_the_settings_do_not_name_are_other():
    assert {labels[-1] for labels in counted("made-up", lightened())} == {"other"}
    assert {labels[-1] for labels in counted("", lightened())} == {"other"}


def test_nothing_is_worth_a_sum_that_nobody_knows():
    found = counted("acme", lightened(), model="home-grown")

    assert found[("unpriced_image_tokens", "openai")] == 1_000_000
    assert not [name for name in found if "money" in name[0]]


def test_flags_count_by_kind_also_where_the_request_was_refused():
    assert counted("acme", lightened(HIDDEN), is_forwarded=False) == {
        ("client_flags", "acme", "hidden_text"): 1,
        ("client_flags", "acme", "residual"): 1,
    }


def test_a_flagged_image_that_is_sent_again_in_each_turn_counts_once():
    again = lightened(HIDDEN, is_recalled=True)

    found = counted("acme", lightened(HIDDEN), again, again, is_forwarded=False)

    assert found == {("client_flags", "acme", "hidden_text"): 1, ("client_flags", "acme", "residual"): 1}


def test_an_image_without_a_plan_has_no_tokens_to_tell():
    assert counted("acme", ImageOutcome(b"x", "image/png", 1, CLEAN)) == {}
