"""Account for a finished request: metrics, and one log line. Image data and prompts never reach either."""

import logging
import time

import orjson

from gateway.metrics import Metrics
from gateway.pipeline import ImageOutcome
from gateway.policy import is_flagged
from gateway.relay.exchange import Exchange

log = logging.getLogger("gateway.access")

HUNG_UP = 499  # nginx' word for a client that left before the answer
_LONGEST_MODEL = 100  # characters of the log line


def account_for(exchange: Exchange, metrics: Metrics) -> None:
    """Count everything and write the log line; called once per request, whatever happened."""
    if exchange.status:
        has_image = "true" if exchange.outcomes else "false"
        metrics.overhead.labels(has_image).observe(exchange.times.overhead_seconds)
    exchange.status = exchange.status or HUNG_UP
    model = metrics.model_label(exchange.model)
    metrics.requests.labels(exchange.dialect, model, str(exchange.status)).inc()
    for kind in exchange.failures:
        metrics.errors.labels(kind).inc()
    if exchange.times.upstream_seconds is not None:
        metrics.upstream.observe(exchange.times.upstream_seconds)
    for outcome in exchange.outcomes:
        _count_judgement(outcome, metrics, model)
        if exchange.is_forwarded:
            _count_savings(outcome, metrics, model, exchange.provider)
    log.info("%s", orjson.dumps(_line(exchange)).decode())


def _count_judgement(outcome: ImageOutcome, metrics: Metrics, model: str) -> None:
    metrics.images.labels(model, outcome.verdict.outcome, outcome.reason).inc()
    if is_flagged(outcome.verdict):
        metrics.flags.labels(model, outcome.verdict.outcome, outcome.action).inc()
    for stage in ("decode", "inspect", "compress"):
        seconds = getattr(outcome.timings, stage)
        if seconds:
            metrics.stage.labels(stage).observe(seconds)


def _count_savings(outcome: ImageOutcome, metrics: Metrics, model: str, provider: str) -> None:
    metrics.image_bytes_in.labels(model).inc(outcome.bytes_in)
    metrics.image_bytes_out.labels(model).inc(outcome.bytes_out)
    metrics.bytes_saved.labels(model).inc(outcome.bytes_in - outcome.bytes_out)
    plan = outcome.plan
    if plan is not None:
        metrics.tokens_saved.labels(model, provider).inc(plan.tokens_in - plan.tokens_out)
    if plan is not None and outcome.bytes_out != outcome.bytes_in:
        metrics.compressions.labels(model, plan.format).inc()


def _line(exchange: Exchange) -> dict[str, object]:
    upstream = exchange.times.upstream_seconds
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "dialect": exchange.dialect,
        "path": exchange.path,
        "model": exchange.model[:_LONGEST_MODEL],
        "status": exchange.status,
        "verdict": exchange.verdict,
        "images": [outcome.verdict.outcome for outcome in exchange.outcomes],
        "bytes_saved": exchange.bytes_saved,
        "tokens_saved": exchange.tokens_saved,
        "overhead_ms": round(exchange.times.overhead_seconds * 1000, 3),
        "upstream_ms": None if upstream is None else round(upstream * 1000, 3),
        "reasons": exchange.reasons,
    }
