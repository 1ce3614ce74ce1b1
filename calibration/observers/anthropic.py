"""Ask a Claude model through Anthropic's Messages API: `anthropic:MODEL`.

The API tells no probabilities; each query yields yes or no.
"""

import logging
from collections.abc import Sequence
from typing import Any

from calibration.observers.protocol import Reply
from calibration.observers.remote import (
    MAX_TOKENS,
    Body,
    Endpoint,
    MalformedError,
    RemoteObserver,
    count,
    placeholder,
)
from calibration.settings import ObserverSettings

_VERSION = "2023-06-01"  # the last that takes a temperature; models that take none are asked without
_ENDINGS = frozenset({"end_turn", "stop_sequence"})

_log = logging.getLogger(__name__)


class Messages:
    """The Messages API, with images as base64 blocks."""

    path = "/v1/messages"

    def __init__(self, model: str) -> None:
        self._model = model
        self._temperature: Body = {"temperature": 0}

    def headers(self, api_key: str) -> dict[str, str]:
        """Return the key and the version of the API."""
        return {"x-api-key": api_key, "anthropic-version": _VERSION}

    def body(self, prompt: str, pictures: Sequence[str]) -> Body:
        """Return the request: pictures first, then the prompt."""
        parts: list[Body] = [
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": picture}}
            for picture in pictures
        ]
        parts.append({"type": "text", "text": prompt})
        messages = [{"role": "user", "content": parts}]
        return {"model": self._model, "max_tokens": MAX_TOKENS, "messages": messages, **self._temperature}

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
        )

    def concede(self, body: Body, complaint: str) -> bool:
        """Leave out the temperature where a model takes none."""
        if "temperature" not in body or "temperature" not in complaint:
            return False
        if self._temperature:
            self._temperature = {}
            _log.warning("%s takes no temperature: its replies may vary between runs", self._model)
        return True


def parse_anthropic(rest: str, *, settings: ObserverSettings, workers: int) -> RemoteObserver:
    """Read `MODEL`.

    Raises:
        ValueError: The model or the key is missing.
    """
    if not rest:
        raise ValueError("expected anthropic:MODEL, such as anthropic:claude-sonnet-4-5")
    key = settings.anthropic_api_key
    if key is None:
        raise ValueError(f"anthropic:{rest} needs a key: set ANTHROPIC_API_KEY")
    endpoint = Endpoint(rest, settings.anthropic_base_url, api_key=key.get_secret_value(), workers=workers)
    return RemoteObserver(endpoint, Messages(rest))
