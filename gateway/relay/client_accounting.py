"""Account for one request by who sent it: flags, and what was saved in bytes, tokens and money.

Money is the price of input tokens: the operator's own (`prices.per_million`), else the list's; tokens of a
model nobody priced are counted apart.
"""

from gateway.metrics import Metrics
from gateway.pipeline import ImageOutcome
from gateway.relay.exchange import Exchange


def count_for_client(exchange: Exchange, metrics: Metrics) -> None:
    """Count the images of one request for its client; those of nobody known are `other`'s."""
    client = metrics.client_label(exchange.client)
    for outcome in exchange.outcomes:
        for kind in () if outcome.is_recalled else outcome.verdict.flags:
            metrics.client_flags.labels(client, kind).inc()
        if exchange.is_forwarded:
            metrics.client_bytes_saved.labels(client).inc(outcome.bytes_in - outcome.bytes_out)
            _count_tokens(outcome, metrics, client, exchange)


def _count_tokens(outcome: ImageOutcome, metrics: Metrics, client: str, exchange: Exchange) -> None:
    if outcome.plan is None:
        return
    metrics.client_tokens_saved.labels(client).inc(outcome.tokens_saved)
    price = metrics.tariff.find(exchange.provider, exchange.model)
    if price is None:
        metrics.unpriced_tokens.labels(exchange.provider).inc(outcome.plan.tokens_in)
        return
    sent = outcome.plan.tokens_in - outcome.tokens_saved
    names = client, metrics.tariff.currency
    metrics.client_image_money.labels(*names).inc(price.of(sent))
    metrics.client_money_saved.labels(*names).inc(price.of(outcome.tokens_saved))
    metrics.client_would_save_money.labels(*names).inc(price.of(outcome.would_save_tokens))
