import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.providers.prices import Price, PricesError, Tariff, load_prices, parse_prices
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


def test_own_prices_go_before_the_list_and_names_before_patterns():
    tariff = Tariff(per_million={"gpt-4o*": 2.0, "azure:gpt-4o": 1.5, "GPT-4o": 1.0, "acme/*": 0.1})

    found = {
        (provider, model): tariff.find(provider, model).per_million
        for provider, model in (
            ("openai", "gpt-4o"),
            ("openai", "gpt-4o-mini"),
            ("openai", "acme/reader"),
            ("openai", "gpt-4.1"),
            ("azure", "gpt-4o-2024-08-06"),
        )
    }

    assert found == {
        ("openai", "gpt-4o"): 1.0,
        ("openai", "gpt-4o-mini"): 2.0,
        ("openai", "acme/reader"): 0.1,
        ("openai", "gpt-4.1"): load_prices().find("openai", "gpt-4.1").per_million,
        ("azure", "gpt-4o-2024-08-06"): 2.0,
    }


def test_of_prices_that_fit_the_most_particular_counts_wherever_it_stands():
    prices = {"*": 1.0, "gpt*": 2.0, "gpt-4o*": 3.0, "gpt-4o": 4.0, "azure:*": 5.0, "azure:gpt-4o": 6.0}

    for written in (prices, dict(reversed(prices.items()))):
        tariff = Tariff("EUR", written)
        found = [
            tariff.find(*asked).per_million
            for asked in (
                ("openai", "claude"),
                ("openai", "gpt-5"),
                ("openai", "gpt-4o-mini"),
                ("openai", "openai/gpt-4o"),
                ("azure", "gpt-4o-mini"),
                ("azure", "GPT-4o"),
            )
        ]
        assert found == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_of_signs_only_the_star_stands_for_others_and_it_for_no_provider():
    tariff = Tariff("EUR", {"gpt-[45]*": 1.0, "gpt-?": 2.0, "o*": 3.0})

    assert tariff.find("openai", "gpt-4o") is None
    assert tariff.find("openai", "gpt-5") is None
    assert tariff.find("openai", "gpt-[45]o").per_million == 1.0
    assert tariff.find("openai", "o4").per_million == 3.0


def test_the_price_of_one_provider_is_no_others():
    assert Tariff(per_million={"azure:gpt-4o": 1.5}).find("azure", "gpt-4o").per_million == 1.5
    assert Tariff(per_million={"azure:gpt-4o": 1.5}).find("openai", "gpt-4o").source != "settings"


def test_in_another_currency_the_list_has_no_price():
    assert Tariff("EUR", {"gpt-4o": 1.0}).find("openai", "gpt-4.1") is None
    assert Tariff("EUR", {"gpt-4o": 1.0}).currency == "EUR"


def test_an_own_price_below_nothing_is_refused():
    with pytest.raises(PricesError, match="0 or more"):
        Tariff(per_million={"gpt-4o": -1.0})
