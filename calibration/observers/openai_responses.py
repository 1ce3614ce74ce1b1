"""Ask a model through OpenAI's Responses API: `openai-responses:MODEL@BASE_URL`.

Some models (o1-pro, o3-pro, gpt-5-pro) are only to be had here. Nothing is kept on the server.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from calibration.observers.dialect import (
    USUAL,
    Body,
    Dialect,
    MalformedError,
    count,
    count_within,
    placeholder,
)
from calibration.observers.limits import ReplyLimit
from calibration.observers.options import Effort, ObserverOptions
from calibration.observers.protocol import Ended, Manner, Reply

_log = logging.getLogger(__name__)


class Responses:
    """The Responses API, with images as data URLs."""

    path = "/responses"

    def __init__(
        self, model: str, options: ObserverOptions | None = None, *, sends_key_as: str | None = None
    ) -> None:
        options = options or ObserverOptions()
        if isinstance(options.thinking, int):
            raise ValueError("a number of tokens for --thinking is for anthropic: and gemini:; give --effort")
        self._model = model
        self._sends_key_as = sends_key_as
        self.limit = ReplyLimit(model, options)
        self._temperature: Body = {"temperature": 0}
        effort = openai_effort(options)
        self._reasoning: Body = {} if effort is None else {"reasoning": {"effort": effort}}

    def headers(self, api_key: str) -> dict[str, str]:
        """Return the bearer token, or the key in the header Azure wants."""
        return key_header(api_key, self._sends_key_as)

    def body(self, prompt: str, pictures: Sequence[str], manner: Manner = USUAL) -> Body:
        """Return the request: pictures first, then the prompt."""
        parts: list[Body] = [
            {"type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{picture}"}
            for picture in pictures
        ]
        parts.append({"type": "input_text", "text": prompt})
        return {
            "model": self._model,
            "input": [{"role": "user", "content": parts}],
            "max_output_tokens": self.limit.tokens,
            "store": False,
            **({"temperature": manner.temperature} if self._temperature else {}),
            **self._reasoning,
        }

    def read(self, answer: Any, prompt: str) -> Reply:  # noqa: ARG002 - the dialect's signature
        """Turn a response into a reply; a refusal is a reply too.

        Raises:
            MalformedError: It has no output, or says that it failed.
        """
        try:
            if answer.get("status") == "failed":
                raise MalformedError(f"the response failed: {_failure(answer.get('error'))}")
            parts = [
                part
                for item in answer["output"]
                if item.get("type") == "message"
                for part in item["content"]
                if isinstance(part, Mapping)
            ]
            usage, ended, reason = answer.get("usage"), *_ended(answer)
        except (LookupError, TypeError, AttributeError) as error:
            raise MalformedError("the body is not a response") from error
        text = "".join(part["text"] for part in parts if isinstance(part.get("text"), str))
        refusal = "".join(part["refusal"] for part in parts if isinstance(part.get("refusal"), str))
        return Reply(
            text or refusal or placeholder(reason),
            tokens_in=count(usage, "input_tokens"),
            tokens_out=count(usage, "output_tokens"),
            tokens_thought=count_within(usage, "output_tokens_details", "reasoning_tokens"),
            ended="refusal" if refusal else ended,
        )

    def concede(self, body: Body, complaint: str) -> Dialect | None:
        """Leave out the temperature where a model takes none; ask for fewer tokens where it allows less."""
        if "temperature" in body and "temperature" in complaint:
            if self._temperature:
                self._temperature = {}
                _log.warning("%s takes no temperature: its replies may vary between runs", self._model)
            return self
        return self if self.limit.lower_from(body["max_output_tokens"], complaint) else None


def key_header(api_key: str, sends_key_as: str | None) -> dict[str, str]:
    """Return the header that holds the key: `sends_key_as`, or else a bearer token."""
    return {sends_key_as: api_key} if sends_key_as else {"authorization": f"Bearer {api_key}"}


def openai_effort(options: ObserverOptions) -> Effort | None:
    """Return the effort to ask for: the one given, or what comes nearest to thinking on or off."""
    if options.effort is not None or options.thinking is None:
        return options.effort
    return "none" if options.thinking == "off" else "medium"


def _ended(answer: Mapping[str, Any]) -> tuple[Ended | None, object]:
    """Return why the response ended, and the server's word for it."""
    status = answer.get("status")
    if status == "completed":
        return "stop", None
    if status != "incomplete":
        return (None, None) if status is None else ("other", status)
    details = answer.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, Mapping) else None
    if reason == "max_output_tokens":
        return "length", reason
    return ("refusal" if reason == "content_filter" else "other"), reason or status


def _failure(error: Any) -> str:
    return str(error.get("message") or error.get("code")) if isinstance(error, Mapping) else "no reason given"
