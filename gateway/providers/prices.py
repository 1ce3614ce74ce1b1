"""What a million input tokens cost at each provider: dated data, so that tokens can be told as money.

The prices are versioned data in `prices.json`. A model nobody priced has none: no money is said of it.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files

_TOKENS_OF_A_PRICE = 1_000_000


class PricesError(ValueError):
    """The data file is not one this version can read, or a price is none."""


@dataclass(frozen=True)
class Price:
    """What input tokens of one model cost."""

    per_million: float  # US dollars
    source: str  # where it was read
    date: str  # when it held

    def __post_init__(self) -> None:
        if not (math.isfinite(self.per_million) and self.per_million >= 0):
            raise PricesError(f"a price must be a number of dollars, 0 or more, got {self.per_million}")

    def of(self, tokens: float) -> float:
        """Return what so many tokens cost, in dollars."""
        return tokens * self.per_million / _TOKENS_OF_A_PRICE


@dataclass(frozen=True)
class Prices:
    """Every known price, as one version of the data."""

    version: str
    by_provider: Mapping[str, tuple[tuple[str, Price], ...]]  # patterns of model names, first match first

    def find(self, provider: str, model: str) -> Price | None:
        """Return a model's price; None where nobody wrote one down."""
        name = model.lower().rpartition("/")[2]
        known = self.by_provider.get(provider, ())
        return next((price for pattern, price in known if fnmatchcase(name, pattern)), None)


def load_prices() -> Prices:
    """Read the prices that ship with the package.

    Raises:
        PricesError: They are damaged.
    """
    return parse_prices(files("gateway.providers").joinpath("prices.json").read_text(encoding="utf-8"))


def parse_prices(text: str) -> Prices:
    """Read prices from JSON; see `load_prices`."""
    try:
        data = json.loads(text)
        found = {
            provider: tuple((str(entry["model"]), _price(entry)) for entry in entries)
            for provider, entries in data["prices"].items()
        }
        return Prices(str(data["version"]), found)
    except (json.JSONDecodeError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise PricesError(f"expected prices, got something else: {error}") from error


def _price(entry: Mapping[str, object]) -> Price:
    amount = entry["input"]
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise PricesError(f"a price must be a number of dollars, 0 or more, got {amount!r}")
    return Price(float(amount), str(entry["source"]), str(entry["date"]))
