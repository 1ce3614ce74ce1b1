"""Account for a finished request: metrics, one log line, the end of its trace.

Image data and prompts never reach any of them. Every request pays for this, so it is cheap for one without
images: some 20 microseconds.
"""

import logging
import time
from collections.abc import Mapping
from functools import lru_cache

import orjson

from gateway.errors import class_of
from gateway.metrics import Metrics
from gateway.pipeline import ImageOutcome
from gateway.policy import is_edited
from gateway.relay.client_accounting import count_for_client
from gateway.relay.exchange import Exchange
from gateway.relay.genai import NOT_GENERATIVE, error_type, operation_name, provider_name
from gateway.relay.usage import count_usage, predicted_tokens

log = logging.getLogger("gateway.access")

HUNG_UP = 499  # nginx' word for a client that left before the answer
_LONGEST_NAME = 100  # characters of the log line, for what a caller makes up
_OF_UPSTREAM = "upstream_"  # how the kinds of an upstream's failures begin
_REFUSALS = frozenset({"queue_full"})
_NOTHING_FOUND: Mapping[str, object] = {
    "verdict": "none",
    "flags": (),
    "flag_ids": (),
    "action": "monitor",
    "images": (),
    "bytes_saved": 0,
    "tokens_saved": 0,
    "reasons": (),
    "unchecked": (),
    "limit_step": 0,
    "limits": (),
}
_NOT_LOOKED_AT: Mapping[str, object] = {**_NOTHING_FOUND, "verdict": ""}


def account_for(exchange: Exchange, metrics: Metrics) -> None:
    """Count everything and write the log line; called once per request, whatever happened."""
    if exchange.status:
        has_image = "true" if exchange.outcomes else "false"
        metrics.overhead.labels(has_image).observe(exchange.times.overhead_seconds)
    exchange.status = exchange.status or HUNG_UP
    model = metrics.model_label(exchange.model)
    status = str(exchange.status)
    metrics.requests.labels(exchange.dialect, model, status).inc()
    if exchange.client and metrics.knows_client(exchange.client):
        metrics.client_requests.labels(exchange.client, status).inc()
    for kind in exchange.failures:
        metrics.errors.labels(kind).inc()
        if kind in _REFUSALS:
            metrics.refusals.labels(kind).inc()
    if exchange.times.upstream_seconds is not None:
        _count_upstream(exchange, metrics, model, status)
    _count_images(exchange, metrics, model)
    if log.isEnabledFor(logging.INFO):
        log.info(orjson.dumps(_line(exchange)).decode())
    exchange.trace.finish(exchange)


def _count_upstream(exchange: Exchange, metrics: Metrics, model: str, status: str) -> None:
    times = exchange.times
    metrics.upstream.observe(times.upstream_seconds or 0.0)
    failed = [kind for kind in exchange.failures if kind.startswith(_OF_UPSTREAM)]
    for kind in failed:
        metrics.upstream_errors.labels(exchange.upstream, kind).inc()
    if exchange.is_forwarded:
        metrics.upstream_answers.labels(exchange.upstream, status).inc()
    if exchange.is_forwarded or failed:
        metrics.note_health(exchange.upstream, is_up=exchange.is_forwarded)
    if exchange.dialect == NOT_GENERATIVE:
        return
    names = operation_name(exchange.dialect), provider_name(exchange.provider), model
    metrics.operation.labels(*names, error_type(exchange)).observe(times.since_asked() or 0.0)
    if exchange.is_stream and times.first_chunk_seconds is not None:
        metrics.first_chunk.labels(*names).observe(times.first_chunk_seconds)


def _count_images(exchange: Exchange, metrics: Metrics, model: str) -> None:
    for reason in (exchange.unchecked, *exchange.strays):
        if reason:
            metrics.unchecked.labels(class_of(reason), reason).inc()
    for outcome in exchange.outcomes:
        _count_judgement(outcome, metrics, model)
        if exchange.client and metrics.knows_client(exchange.client):
            metrics.client_images.labels(exchange.client, outcome.verdict.outcome).inc()
        if exchange.is_forwarded:
            _count_savings(outcome, metrics, model, exchange.provider)
    if exchange.outcomes:
        count_for_client(exchange, metrics)
    _count_limits(exchange, metrics)
    if exchange.usage is not None:
        predicted, is_complete = predicted_tokens(exchange.outcomes)
        is_complete = is_complete and not exchange.unchecked_reasons
        names = {"model": model, "provider": exchange.provider}
        count_usage(exchange.usage, predicted, metrics, is_complete=is_complete, **names)


def _count_limits(exchange: Exchange, metrics: Metrics) -> None:
    if exchange.limit_step:
        metrics.limit_steps.labels(exchange.provider, str(exchange.limit_step)).inc()
    for limit in exchange.exceeded:
        metrics.limits_exceeded.labels(exchange.provider, limit).inc()


def _count_judgement(outcome: ImageOutcome, metrics: Metrics, model: str) -> None:
    verdict = outcome.verdict
    metrics.images.labels(model, verdict.outcome, outcome.reason).inc()
    if verdict.outcome == "unchecked":
        metrics.unchecked.labels(class_of(outcome.reason), outcome.reason).inc()
    if outcome.pixels_in:
        metrics.cache_lookups.labels("images", "hit" if outcome.is_recalled else "miss").inc()
    if outcome.action == "sanitize":
        metrics.sanitized.labels(model).inc()
    _count_evidence(outcome, metrics, model)
    _observe(outcome, metrics)


def _count_evidence(outcome: ImageOutcome, metrics: Metrics, model: str) -> None:
    verdict = outcome.verdict
    if is_edited(verdict):
        metrics.flag_evidence.labels(_weightiest(outcome), outcome.action).inc()
    if verdict.flags and not outcome.is_recalled:  # an ordinary chat sends its pictures again each turn
        metrics.flagged_images.labels(model).inc()
    for kind in verdict.flags:
        metrics.flags.labels(model, verdict.outcome, kind, outcome.action).inc()
    for detector in verdict.failures:
        metrics.detector_failures.labels(detector).inc()


def _observe(outcome: ImageOutcome, metrics: Metrics) -> None:
    for stage in ("decode", "inspect", "compress", "sanitize"):
        seconds = getattr(outcome.timings, stage)
        if seconds:
            metrics.stage.labels(stage).observe(seconds)
    if outcome.is_recalled:
        return  # a picture that is sent again and again is one draw
    for item in outcome.verdict.evidence:
        if item.p_value is not None:
            metrics.p_value.labels(item.kind).observe(item.p_value)


def _weightiest(outcome: ImageOutcome) -> str:
    """Name the evidence with the smallest p-value; rules, which have none, come first."""
    weights = [
        (-1.0 if item.p_value is None else item.p_value, item.kind)
        for item in outcome.verdict.evidence
        if item.p_value is not None or item.is_attack
    ]
    return min(weights, default=(0.0, ""))[1]


def _count_savings(outcome: ImageOutcome, metrics: Metrics, model: str, provider: str) -> None:
    metrics.image_bytes_in.labels(model).inc(outcome.bytes_in)
    metrics.image_bytes_out.labels(model).inc(outcome.bytes_out)
    metrics.bytes_saved.labels(model).inc(outcome.bytes_in - outcome.bytes_out)
    metrics.image_pixels_in.labels(model).inc(outcome.pixels_in)
    metrics.image_pixels_out.labels(model).inc(outcome.pixels_out)
    plan = outcome.plan
    if plan is None:
        return
    metrics.image_tokens_in.labels(model, provider).inc(plan.tokens_in)
    metrics.image_tokens_out.labels(model, provider).inc(plan.tokens_in - outcome.tokens_saved)
    metrics.tokens_saved.labels(model, provider).inc(outcome.tokens_saved)
    if outcome.is_observed:
        metrics.would_save_bytes.labels(model).inc(outcome.would_save_bytes)
        metrics.would_save_tokens.labels(model, provider).inc(outcome.would_save_tokens)
    if outcome.bytes_out != outcome.bytes_in:
        metrics.compressions.labels(model, plan.format).inc()
        for kind in plan.left_behind:
            metrics.metadata_left_behind.labels(kind).inc()


def _line(exchange: Exchange) -> dict[str, object]:
    upstream = exchange.times.upstream_seconds
    found = _NOTHING_FOUND if exchange.is_looked_at else _NOT_LOOKED_AT
    if exchange.is_noted or exchange.failures or exchange.remarks:
        found = _found(exchange)
    return {
        "time": _utc(int(time.time())),
        "level": "INFO",
        "request_id": exchange.request_id,
        "dialect": exchange.dialect,
        "path": exchange.path,
        "model": exchange.model[:_LONGEST_NAME],
        "upstream": exchange.upstream,
        "client": exchange.client,
        "policy": exchange.policy.name,
        "status": exchange.status,
        **found,
        "overhead_ms": round(exchange.times.overhead_seconds * 1000, 3),
        "upstream_ms": None if upstream is None else round(upstream * 1000, 3),
    }


def _found(exchange: Exchange) -> Mapping[str, object]:
    return {
        "verdict": exchange.verdict,
        "flags": exchange.flags,
        "flag_ids": [ticket.id for ticket in exchange.noted],
        "action": exchange.action,
        "images": [outcome.verdict.outcome for outcome in exchange.outcomes],
        "bytes_saved": exchange.bytes_saved,
        "tokens_saved": exchange.tokens_saved,
        "reasons": exchange.reasons,
        "unchecked": exchange.unchecked_reasons,
        "limit_step": exchange.limit_step,
        "limits": list(exchange.exceeded),
    }


@lru_cache(maxsize=2)
def _utc(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
