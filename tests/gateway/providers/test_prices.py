import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.providers.prices import Price, PricesError, load_prices, parse_prices
from gateway.providers.rules import load_rules


def test_the_first_pattern_that_fits_names_the_price():
    prices = load_prices()

    mini, large = prices.find("openai", "gpt-4o-mini-2024-07-18"), prices.find("openai", "gpt-4o")

    assert mini is not None
    assert large is not None
    assert mini.per_million < large.per_million


def test_a_vendors_prefix_and_either_spelling_of_a_version_make_no_difference():
    prices = load_prices()

    spellings = ("claude-opus-4-7", "anthropic/claude-opus-4.7", "Claude-Opus-4-7-20260401")

    assert len({prices.find("anthropic", name) for name in spellings}) == 1


@pytest.mark.parametrize(("provider", "model"), [("openai", "gpt-99"), ("nobody", "gpt-4o"), ("openai", "")])
def test_what_nobody_priced_has_no_price(provider: str, model: str):
    assert load_prices().find(provider, model) is None


def test_every_price_says_whence_and_when_it_is_and_whose_rules_count_its_tokens():
    prices = load_prices()

    assert set(prices.by_provider) <= set(load_rules().providers)
    for known in prices.by_provider.values():
        assert all(price.source and price.date[:2] == "20" for _, price in known)


def test_no_price_passes_for_one_that_was_read_at_its_vendor():
    sources = {price.source for known in load_prices().by_provider.values() for _, price in known}

    assert all("third parties" in source for source in sources)
    assert any(source.startswith("recalled") for source in sources)


def test_a_million_tokens_cost_the_price_of_a_million():
    assert Price(2.5, "a list", "2026-01-01").of(1_000_000) == 2.5


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity", '"2"', "true", "null"])
def test_what_is_no_amount_of_money_is_refused(amount: str):
    entry = f'{{"model": "*", "input": {amount}, "source": "", "date": ""}}'
    text = f'{{"version": "1", "prices": {{"x": [{entry}]}}}}'

    with pytest.raises(PricesError):
        parse_prices(text)


@given(st.text())
def test_damaged_data_is_told_as_such(text: str):
    with pytest.raises(PricesError):
        parse_prices(text)
