"""What a million input tokens cost at each provider: dated data, so that tokens can be told as money.

The prices are versioned data in `prices.json`; an operator's own go before them. A model nobody priced has
none: no money is said of it, and nothing is converted from one currency into another.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib.resources import files

LIST_CURRENCY = "USD"

_TOKENS_OF_A_PRICE = 1_000_000


class PricesError(ValueError):
    """The data file is not one this version can read, or a price is none."""


@dataclass(frozen=True)
class Price:
    """What input tokens of one model cost."""

    per_million: float  # in the currency of whoever wrote it down; US dollars on the list
    source: str  # where it was read
    date: str  # when it held

    def __post_init__(self) -> None:
        if not (math.isfinite(self.per_million) and self.per_million >= 0):
            raise PricesError(f"a price must be a number, 0 or more, got {self.per_million}")

    def of(self, tokens: float) -> float:
        """Return what so many tokens cost, in the currency of the price."""
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


class Tariff:
    """What tokens cost one operator, in one currency: own prices first, then those of the list."""

    def __init__(self, currency: str = LIST_CURRENCY, per_million: Mapping[str, float] | None = None) -> None:
        """Take own prices.

        Args:
            currency: Theirs; where it is not the list's, the list is left out.
            per_million: By model or PROVIDER:MODEL, with `*` for any letters; letters of either case are one.

        Raises:
            PricesError: One is no price.
        """
        self.currency = currency
        own = {name.lower(): Price(each, "settings", "now") for name, each in (per_million or {}).items()}
        # Names before patterns, longer patterns before shorter ones.
        self._own = sorted(own.items(), key=lambda item: ("*" in item[0], -len(item[0])))
        self._has_list = currency == LIST_CURRENCY
        self.find = lru_cache(maxsize=1024)(self._find)  # callers may make up models

    def _find(self, provider: str, model: str) -> Price | None:
        """Return a model's price; None where nobody wrote one down in this currency."""
        prefix = f"{provider}:".lower()
        of_provider = [(name[len(prefix) :], price) for name, price in self._own if name.startswith(prefix)]
        for known in (of_provider, self._own):
            for pattern, price in known:
                if _fits(pattern, model.lower()):
                    return price
        return _list().find(provider, model) if self._has_list else None


def _fits(pattern: str, name: str) -> bool:
    """Tell whether a name fits, with or without its vendor's prefix; of all signs only * means any."""
    pattern = pattern.replace("[", "[[]").replace("?", "[?]")
    return fnmatchcase(name, pattern) or fnmatchcase(name.rpartition("/")[2], pattern)


@cache
def _list() -> Prices:
    return load_prices()


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
        raise PricesError(f"a price must be a number, 0 or more, got {amount!r}")
    return Price(float(amount), str(entry["source"]), str(entry["date"]))
