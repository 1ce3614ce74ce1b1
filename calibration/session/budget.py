"""What a run may cost, what it has cost, and what it is expected to cost.

Prices change too often to be shipped: dollars are counted only where the user names a price.
"""

import re
from dataclasses import dataclass
from typing import Protocol

# Of a question about two 512-pixel pictures: what the large providers bill per picture (255 OpenAI, 350
# Anthropic, 258 Gemini), rounded up, and the prompt; a reply of two sentences.
TOKENS_IN_PER_PAIR = 750
TOKENS_OUT_PER_REPLY = 80  # beside thoughts, which `observers.families` expects by model
_MILLION = 1e6
_LEARNED_FROM = 4  # billed questions that tell the price of the next
_IN_FLIGHT_UNTIL_THEN = 2


class Billed(Protocol):
    """Questions that were answered, and what was billed for them."""

    @property
    def questions(self) -> int:
        """How many were asked."""
        ...

    @property
    def tokens_in(self) -> int:
        """Of all of them; 0 where the provider does not tell."""
        ...

    @property
    def tokens_out(self) -> int:
        """Of all replies, thoughts included."""
        ...


@dataclass(frozen=True)
class Price:
    """Dollars per million tokens."""

    tokens_in: float
    tokens_out: float

    def of(self, tokens_in: float, tokens_out: float) -> float:
        """Return dollars."""
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / _MILLION


@dataclass
class Budget:
    """Bounds of a run, trials of earlier runs in the same folder included; None is no bound."""

    queries: int | None = None
    dollars: float | None = None
    price: Price | None = None
    spent_queries: int = 0
    spent_tokens_in: int = 0
    spent_tokens_out: int = 0
    expected_out: int = TOKENS_OUT_PER_REPLY  # tokens of a reply with its thoughts, before one was billed
    dearest_question: float = 0.0  # dollars

    @property
    def spent_dollars(self) -> float | None:
        """What the answered trials cost, or None without a price."""
        return None if self.price is None else self.price.of(self.spent_tokens_in, self.spent_tokens_out)

    def spend(self, billed: Billed) -> None:
        """Count a trial; a provider that does not tell its tokens is taken to bill the expected ones."""
        tokens_in = billed.tokens_in or TOKENS_IN_PER_PAIR * billed.questions
        tokens_out = billed.tokens_out or self.expected_out * billed.questions
        self.spent_queries += billed.questions
        self.spent_tokens_in += tokens_in
        self.spent_tokens_out += tokens_out
        if self.price is not None:
            dollars = self.price.of(tokens_in, tokens_out) / max(billed.questions, 1)
            self.dearest_question = max(self.dearest_question, dollars)

    def allows(self, *, reserved: int, wanted: int) -> bool:
        """Return whether `wanted` more questions fit, beside those reserved by trials being asked.

        Of dollars, each question in flight reserves as much as the dearest so far; until a few were billed,
        few are in flight, so that a model that thinks for long cannot spend the budget before it is noticed.
        """
        if self.queries is not None and self.spent_queries + reserved + wanted > self.queries:
            return False
        if self.dollars is None or self.price is None:
            return True
        if self.spent_queries < _LEARNED_FROM and reserved and reserved + wanted > _IN_FLIGHT_UNTIL_THEN:
            return False
        each = self.dearest_question or self.price.of(TOKENS_IN_PER_PAIR, self.expected_out)
        return (self.spent_dollars or 0.0) + (reserved + wanted) * each <= self.dollars


def parse_budget(budget: str | None, price: str | None) -> Budget:
    """Read `--budget 500` (questions) or `--budget '$5'`, and `--price IN/OUT` in dollars per million tokens.

    Raises:
        ValueError: Not understood, not positive, or dollars without a price.
    """
    priced = None if price is None else _parse_price(price)
    if budget is None:
        return Budget(price=priced)
    found = re.fullmatch(r"\s*(\$)?\s*(\d+(?:\.\d+)?)\s*(usd|dollars?)?\s*", budget, re.IGNORECASE)
    if not found or float(found[2]) == 0:
        raise ValueError(f"expected --budget QUESTIONS such as 500, or dollars such as '$5', got {budget!r}")
    if not (found[1] or found[3]):
        if "." in found[2]:
            raise ValueError(f"expected a whole number of questions for --budget, got {budget!r}")
        return Budget(queries=int(found[2]), price=priced)
    if priced is None:
        raise ValueError(
            "a budget in dollars needs --price IN/OUT, dollars per million tokens, such as 2.5/10: "
            "price lists change, so none is built in"
        )
    return Budget(dollars=float(found[2]), price=priced)


def _parse_price(text: str) -> Price:
    parts = text.split("/")
    try:
        tokens_in, tokens_out = (float(part) for part in parts)
    except ValueError as error:
        raise ValueError(f"expected --price IN/OUT in dollars per million tokens, got {text!r}") from error
    if not (0 <= tokens_in < float("inf") and 0 <= tokens_out < float("inf")):
        raise ValueError(f"expected prices of at least 0, got {text!r}")
    return Price(tokens_in, tokens_out)
