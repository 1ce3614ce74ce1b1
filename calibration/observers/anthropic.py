"""Ask a Claude model through Anthropic's Messages API: `anthropic:MODEL`.

The API tells no probabilities; each query yields yes or no. Thoughts count against `max_tokens` and are
billed, and from Claude 5 on there are thoughts unless they are turned off.
"""

import logging
from collections.abc import Sequence
from typing import Any

from calibration.observers.dialect import (
    USUAL,
    Body,
    Dialect,
    Endpoint,
    MalformedError,
    count,
    count_within,
    ending,
    placeholder,
)
from calibration.observers.families import patience_seconds, thinks_adaptively
from calibration.observers.limits import ReplyLimit
from calibration.observers.options import ObserverOptions
from calibration.observers.protocol import Manner, Reply
from calibration.observers.remote import RemoteObserver
from calibration.settings import ObserverSettings

_VERSION = "2023-06-01"  # the last that takes a temperature; models that take none are asked without
_ENDINGS = frozenset({"end_turn", "stop_sequence"})
_CUT = frozenset({"max_tokens", "model_context_window_exceeded"})
_BUDGET = 4096  # tokens, for --thinking on where a model wants a number
_SMALLEST_BUDGET = 1024  # the API takes no less
_ADAPTIVE: Body = {"type": "adaptive"}

_log = logging.getLogger(__name__)


class Messages:
    """The Messages API, with images as base64 blocks."""

    path = "/v1/messages"

    def __init__(self, model: str, options: ObserverOptions | None = None) -> None:
        options = options or ObserverOptions()
        self._model = model
        self.limit = ReplyLimit(model, options)
        self._thinking = _thinking(model, options)
        self._is_numbered = isinstance(options.thinking, int)
        _check(options, self._thinking, self.limit.tokens)
        self._effort: Body = {} if options.effort in (None, "none") else {"effort": options.effort}
        # With thoughts a temperature other than 1 is refused.
        is_told_to_think = self._thinking.get("type") in ("enabled", "adaptive")
        self._temperature: Body = {} if is_told_to_think else {"temperature": 0}

    def headers(self, api_key: str) -> dict[str, str]:
        """Return the key and the version of the API."""
        return {"x-api-key": api_key, "anthropic-version": _VERSION}

    def body(self, prompt: str, pictures: Sequence[str], manner: Manner = USUAL) -> Body:
        """Return the request: pictures first, then the prompt."""
        parts: list[Body] = [
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": picture}}
            for picture in pictures
        ]
        parts.append({"type": "text", "text": prompt})
        messages = [{"role": "user", "content": parts}]
        body: Body = {"model": self._model, "max_tokens": self.limit.tokens, "messages": messages}
        if self._thinking:
            body["thinking"] = self._thinking
        if self._effort:
            body["output_config"] = self._effort
        return {**body, **({"temperature": manner.temperature} if self._temperature else {})}

    def read(self, answer: Any, prompt: str) -> Reply:  # noqa: ARG002 - the dialect's signature
        """Turn a message into a reply; a refusal is a reply too.

        Raises:
            MalformedError: It has no content.
        """
        try:
            blocks, reason, usage = answer["content"], answer.get("stop_reason"), answer.get("usage")
            texts = [block["text"] for block in blocks if block["type"] == "text"]
            text = "".join(texts)
        except (LookupError, TypeError, AttributeError) as error:
            raise MalformedError("the body is not a message") from error
        return Reply(
            text or placeholder(None if isinstance(reason, str) and reason in _ENDINGS else reason),
            tokens_in=count(usage, "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"),
            tokens_out=count(usage, "output_tokens"),
            tokens_thought=count_within(usage, "output_tokens_details", "thinking_tokens"),
            ended=ending(reason, stop=_ENDINGS, length=_CUT, refusal=frozenset({"refusal"})),
        )

    def concede(self, body: Body, complaint: str) -> Dialect | None:
        """Leave out the temperature, think the way this model does, or ask for fewer tokens."""
        if "temperature" in body and "temperature" in complaint:
            self._drop_temperature()
        elif "thinking" in body and (other := self._other_thinking(body["thinking"], complaint)):
            self._thinking = other
        elif not self.limit.lower_from(body["max_tokens"], complaint):
            return None
        return self

    def _drop_temperature(self) -> None:
        if self._temperature:
            self._temperature = {}
            _log.warning("%s takes no temperature: its replies may vary between runs", self._model)

    def _other_thinking(self, refused: Body, complaint: str) -> Body | None:
        """Return another way to ask for the same, where models differ; a number of tokens has none."""
        kind = refused["type"]
        if self._thinking != refused:
            return self._thinking  # another request taught it meanwhile
        if kind == "disabled" and "between_tools" in complaint:
            return {"type": "between_tools"}  # there are no tools, so no thoughts
        if kind == "enabled" and not self._is_numbered and "adaptive" in complaint:
            return _ADAPTIVE
        if kind == "adaptive" and "adaptive" in complaint and "enabled" not in complaint:
            return {"type": "enabled", "budget_tokens": min(_BUDGET, self.limit.tokens // 2)}
        return None


def parse_anthropic(rest: str, *, settings: ObserverSettings, options: ObserverOptions) -> RemoteObserver:
    """Read `MODEL`.

    Raises:
        ValueError: The model or the key is missing, or an option is not for Claude.
    """
    if not rest:
        raise ValueError("expected anthropic:MODEL, such as anthropic:claude-sonnet-4-5")
    key = settings.anthropic_api_key
    if key is None:
        raise ValueError(f"anthropic:{rest} needs a key: set ANTHROPIC_API_KEY")
    endpoint = Endpoint(
        rest,
        settings.anthropic_base_url,
        api_key=key.get_secret_value(),
        workers=options.workers,
        timeout_seconds=patience_seconds(rest, options),
    )
    return RemoteObserver(endpoint, Messages(rest, options), side_by_side=options.side_by_side)


def _thinking(model: str, options: ObserverOptions) -> Body:
    if isinstance(options.thinking, int):
        return {"type": "enabled", "budget_tokens": options.thinking}
    if options.thinking == "off" or options.effort == "none":
        return {"type": "disabled"}
    if options.thinking is None:
        return {}
    return _ADAPTIVE if thinks_adaptively(model) else {"type": "enabled", "budget_tokens": _BUDGET}


def _check(options: ObserverOptions, thinking: Body, limit: int) -> None:
    if options.effort == "minimal":
        raise ValueError("Claude takes --effort low, medium, high, xhigh or max; --thinking off ends thought")
    budget = thinking.get("budget_tokens")
    if budget is not None and not _SMALLEST_BUDGET <= budget < limit:
        raise ValueError(
            f"Claude takes --thinking of at least {_SMALLEST_BUDGET} tokens and less than --max-tokens, got "
            f"{budget} of {limit}"
        )
