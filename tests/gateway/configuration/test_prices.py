import pytest

from gateway.settings_file import load_settings, read_settings


@pytest.fixture
def problems(tmp_path):
    def problems(text: str) -> list[str]:
        file = tmp_path / "gateway.yaml"
        file.write_text(text)
        return [str(problem) for problem in read_settings(file, {}).problems]

    return problems


def test_prices_are_read_by_model_with_their_currency(tmp_path):
    file = tmp_path / "gateway.yaml"
    file.write_text("prices:\n  currency: EUR\n  per_million: {gpt-4o: 2.1, 'azure:claude*': 3}\n")

    prices = load_settings(file).prices

    assert (prices.currency, prices.per_million) == ("EUR", {"gpt-4o": 2.1, "azure:claude*": 3.0})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prices: {currency: euro}", "prices.currency: expected a currency by its three capital letters"),
        (
            "prices: {per_million: {gpt-4o: -1}}",
            "prices.per_million.gpt-4o: expected a price from 0 to 1,000,000, got -1",
        ),
        ("prices: {per_million: {gpt-4o: 1000001}}", "expected a price from 0 to 1,000,000, got 1e+06"),
        (
            "prices: {per_million: {gpt-4o: 1, GPT-4o: 2}}",
            "prices.per_million: expected each model once, got 'gpt-4o' and 'GPT-4o'",
        ),
        ("prices: {per_million: {gpt-4o: free}}", "prices.per_million.gpt-4o: expected a number, got 'free'"),
        ("prices: {per_million: {gpt-4o: .inf}}", "prices.per_million.gpt-4o: expected"),
        ("prices: {per_million: {gpt-4o: {input: 2}}}", "prices.per_million.gpt-4o: expected a number"),
        ("prices: {per_million: {' ': 2}}", "expected the name of a model"),
        ("prices: {gpt-4o: 2}", "prices.gpt-4o: unknown key"),
        ("prices: 2", "prices: expected keys and values"),
    ],
)
def test_what_is_no_price_is_told_with_its_place(problems, text, told):
    (problem,) = problems(text)

    assert told in problem


def test_a_currency_alone_is_warned_of_since_the_list_has_dollars(problems):
    (warning,) = problems("prices: {currency: EUR}")

    assert "without prices.per_million no money is told" in warning


def test_the_environment_gives_prices_as_json():
    found = read_settings(None, {"JND_PRICES__PER_MILLION": '{"gpt-4o": 2}', "JND_PRICES__CURRENCY": "CHF"})

    assert found.settings is not None
    assert (found.settings.prices.currency, found.settings.prices.per_million) == ("CHF", {"gpt-4o": 2.0})
