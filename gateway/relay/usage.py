"""Compare the image tokens that our rules predict with the usage an answer tells, as it passes by.

Rules of providers change without notice. Some APIs count image tokens by themselves, which settles it; of
others the input tokens are a bound: fewer than the images alone should cost prove a rule too high. Only plain
JSON answers of moderate size are listened to, after their last byte has left; nothing is ever changed.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

import msgspec

from gateway.metrics import Metrics
from gateway.pipeline import ImageOutcome
from gateway.relay.callers.encodings import PackedBodyError, UnpackedTooLargeError, layers, unpack
from gateway.relay.upstreams.answer import Headers

_MOST_BYTES = 262_144
_TOLERANCE = 0.05  # of image tokens; third parties count Gemini's budget of 1,120 as 1,065 to 1,101

Result = Literal["agrees", "differs", "possible", "too_high"]


@dataclass(frozen=True)
class Usage:
    """What an answer tells of its request's tokens; None: nothing."""

    input_tokens: int | None = None  # of everything, cached or not
    image_tokens: int | None = None


class Overheard:
    """What is kept of an answer until it has left."""

    def __init__(self, status: int, headers: Headers) -> None:
        """Decide from its head whether it may tell of usage."""
        named = dict(headers)
        is_json = named.get(b"content-type", b"").lower().startswith(b"application/json")
        self._is_wanted = status == HTTPStatus.OK and is_json
        self._coding = named.get(b"content-encoding", b"")
        self._body = bytearray()

    def take(self, piece: bytes) -> None:
        """Keep what passes, unless it is too much."""
        if not self._is_wanted:
            return
        if len(self._body) + len(piece) > _MOST_BYTES:
            self._is_wanted = False
            self._body.clear()
        else:
            self._body += piece

    def usage(self) -> Usage | None:
        """Return what the whole answer tells; None where that is nothing, or not readable."""
        if not self._is_wanted:
            return None
        body = bytes(self._body)
        try:
            if layers(self._coding):
                body = unpack(body, self._coding, _MOST_BYTES)
            return _usage_of(_ANSWER.decode(body))
        except (msgspec.DecodeError, RecursionError, PackedBodyError, UnpackedTooLargeError):
            return None


def predicted_tokens(outcomes: tuple[ImageOutcome, ...]) -> tuple[int, bool]:
    """Return the image tokens that the rules expect of what was sent, and whether that is of all images."""
    plans = [outcome.plan for outcome in outcomes if outcome.plan is not None]
    sent = sum(plan.tokens_in for plan in plans) - sum(outcome.tokens_saved for outcome in outcomes)
    return sent, len(plans) == len(outcomes)


def judge(usage: Usage, predicted: int, *, is_complete: bool) -> Result | None:
    """Say whether the rules hold; None where usage does not tell.

    Args:
        usage: As the API told it.
        predicted: Image tokens by the rules.
        is_complete: Whether these are of all images of the request.
    """
    if usage.image_tokens is not None and is_complete:
        is_near = abs(usage.image_tokens - predicted) <= _TOLERANCE * predicted
        return "agrees" if is_near else "differs"
    if usage.input_tokens is None:
        return None
    return "too_high" if usage.input_tokens < predicted else "possible"


def count_usage(
    usage: Usage, predicted: int, metrics: Metrics, *, is_complete: bool, model: str, provider: str
) -> None:
    """Count how the rules did; model and provider are labels."""
    result = judge(usage, predicted, is_complete=is_complete)
    if result is None or not predicted:
        return
    metrics.token_rule_checks.labels(model, provider, result).inc()
    if usage.image_tokens is not None and is_complete:
        metrics.image_tokens_predicted.labels(model, provider).inc(predicted)
        metrics.image_tokens_reported.labels(model, provider).inc(usage.image_tokens)


class _Modality(msgspec.Struct):
    modality: str = ""
    count: int = msgspec.field(default=0, name="tokenCount")


class _Metadata(msgspec.Struct):
    """Gemini's `usageMetadata`."""

    input_tokens: int | None = msgspec.field(default=None, name="promptTokenCount")
    modalities: list[_Modality] | None = msgspec.field(default=None, name="promptTokensDetails")


class _Details(msgspec.Struct):
    image_tokens: int | None = None


class _Usage(msgspec.Struct):
    """`usage` of OpenAI's APIs, of those who imitate them, and of Anthropic."""

    prompt_tokens: int | None = None
    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None  # Anthropic counts these apart
    cache_creation_input_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    input_tokens_details: _Details | None = None


class _Answer(msgspec.Struct):
    usage: _Usage | None = None
    metadata: _Metadata | None = msgspec.field(default=None, name="usageMetadata")


_ANSWER = msgspec.json.Decoder(_Answer)


def _usage_of(answer: _Answer) -> Usage | None:
    if answer.metadata is not None:
        modalities = answer.metadata.modalities or []
        images = sum(each.count for each in modalities if each.modality == "IMAGE")
        return Usage(answer.metadata.input_tokens, images or None)
    if answer.usage is None:
        return None
    told = answer.usage
    plain = told.prompt_tokens if told.prompt_tokens is not None else told.input_tokens
    cached = (told.cache_read_input_tokens or 0) + (told.cache_creation_input_tokens or 0)
    details = told.prompt_tokens_details or told.input_tokens_details
    images = (details.image_tokens if details is not None else 0) or 0
    return Usage(None if plain is None else plain + cached, images or None)
