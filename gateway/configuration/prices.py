"""Settings of prices: what a million input tokens cost here, where it is not what the list says."""

import re
from typing import Annotated

from pydantic import AfterValidator

from gateway.configuration.section import Section, setting
from gateway.providers.prices import LIST_CURRENCY

_CURRENCY = re.compile(r"[A-Z]{3}")
_LONGEST = 200  # characters of a model's name
_MOST = 1_000_000.0  # beyond it, tokens of no model cost


def _check_currency(text: str) -> str:
    if not _CURRENCY.fullmatch(text):
        raise ValueError(f"expected a currency by its three capital letters, such as EUR, got {text[:60]!r}")
    return text


def _check_model(text: str) -> str:
    if not text or len(text) > _LONGEST or not text.isprintable() or text != text.strip():
        raise ValueError(
            f"expected the name of a model, such as gpt-4o or claude-sonnet-4*, got {text[:60]!r}"
        )
    return text


def _check_amount(price: float) -> float:
    if not 0 <= price <= _MOST:
        raise ValueError(f"expected a price from 0 to {_MOST:,.0f}, got {price:g}")
    return price


def _check_names(prices: dict[str, float]) -> dict[str, float]:
    known: dict[str, str] = {}
    for name in prices:
        if known.setdefault(name.lower(), name) != name:
            raise ValueError(f"expected each model once, got {known[name.lower()]!r} and {name!r}")
    return prices


Model = Annotated[str, AfterValidator(_check_model)]
Amount = Annotated[float, AfterValidator(_check_amount)]


class OwnPrices(Section):
    """What image tokens cost here: of what is saved, the metrics and dashboards tell the money by it."""

    currency: Annotated[str, AfterValidator(_check_currency)] = setting(
        LIST_CURRENCY,
        "Currency of `per_million`, as metrics and dashboards name it. Where it is not USD, the list that "
        "ships is left out: nothing is converted, and models without a price here are counted apart.",
        why="the list that ships is in US dollars",
    )
    per_million: Annotated[dict[Model, Amount], AfterValidator(_check_names)] = setting(
        {},
        "Model, or PROVIDER:MODEL, to what a million of its input tokens cost you; * stands for any letters. "
        "Of several that fit, those with PROVIDER go first, then those without *, then the longest; capital "
        "letters make no difference. Other models have the list price.",
        why="only you know what you agreed on",
    )
