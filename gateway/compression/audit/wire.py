"""Write one question about one picture as each API takes it, and read what it answers.

Knows bodies, not connections. A model that refuses a temperature or log-probabilities is asked without.
"""

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol
from urllib.parse import quote, urlsplit

from gateway.compression.audit.answers import Answer

DialectName = Literal["openai", "anthropic", "gemini"]
Body = dict[str, Any]


class UnreadableAnswerError(ValueError):
    """The API answered with something that is no answer of a model."""


@dataclass(frozen=True)
class Manner:
    """How a model lets itself be asked; learned from what it refuses."""

    max_tokens: int = 1024  # of an answer, thoughts included
    has_temperature: bool = True  # 0: as repeatable as the model can be
    has_probabilities: bool = True
    limit_name: str = "max_tokens"  # OpenAI has had two

    def conceding(self, complaint: str) -> "Manner | None":
        """Return how to ask after this refusal; None where it is not about the manner."""
        if self.has_probabilities and "logprobs" in complaint.lower():
            return replace(self, has_probabilities=False)
        if self.has_temperature and "temperature" in complaint:
            return replace(self, has_temperature=False)
        if self.limit_name == "max_tokens" and "max_completion_tokens" in complaint:
            return replace(self, limit_name="max_completion_tokens")
        return None


@dataclass(frozen=True, eq=False)
class Asked:
    """One question about one picture, as its file says it."""

    prompt: str
    data: bytes
    media_type: str


class Wire(Protocol):
    """One API's format."""

    def target(self, model: str) -> str:
        """Return the path of the method."""
        ...

    def headers(self, key: str | None) -> dict[str, str]:
        """Return what names the caller."""
        ...

    def body(self, model: str, asked: Asked, manner: Manner) -> Body:
        """Return the request."""
        ...

    def read(self, answer: Any) -> Answer:
        """Return what the model said.

        Raises:
            UnreadableAnswerError: It said nothing that can be compared.
        """
        ...


class OpenAIChat:
    """Chat completions."""

    def target(self, model: str) -> str:  # noqa: ARG002 - the protocol's signature
        """Return the path of the method."""
        return "/v1/chat/completions"

    def headers(self, key: str | None) -> dict[str, str]:
        """Return what names the caller."""
        return {} if key is None else {"authorization": f"Bearer {key}"}

    def body(self, model: str, asked: Asked, manner: Manner) -> Body:
        """Return the request."""
        url = f"data:{asked.media_type};base64,{_base64(asked.data)}"
        content = [
            {"type": "text", "text": asked.prompt},
            {"type": "image_url", "image_url": {"url": url}},
        ]
        body: Body = {"model": model, "messages": [{"role": "user", "content": content}]}
        body[manner.limit_name] = manner.max_tokens
        if manner.has_temperature:
            body["temperature"] = 0
        if manner.has_probabilities:
            body |= {"logprobs": True, "top_logprobs": 2}
        return body

    def read(self, answer: Any) -> Answer:
        """Return what the model said."""
        try:
            choice = answer["choices"][0]
            message = choice["message"]
            text = message.get("content") or message.get("refusal")
            tokens = (choice.get("logprobs") or {}).get("content") or []
            chances = [[top["logprob"] for top in token["top_logprobs"]] for token in tokens]
        except (LookupError, TypeError, AttributeError) as error:
            raise UnreadableAnswerError("the body is no chat completion") from error
        return _answer(text, chances)


class AnthropicMessages:
    """Messages; the API tells no probabilities."""

    def target(self, model: str) -> str:  # noqa: ARG002 - the protocol's signature
        """Return the path of the method."""
        return "/v1/messages"

    def headers(self, key: str | None) -> dict[str, str]:
        """Return what names the caller."""
        return {"anthropic-version": "2023-06-01"} | ({} if key is None else {"x-api-key": key})

    def body(self, model: str, asked: Asked, manner: Manner) -> Body:
        """Return the request."""
        source = {"type": "base64", "media_type": asked.media_type, "data": _base64(asked.data)}
        content = [{"type": "image", "source": source}, {"type": "text", "text": asked.prompt}]
        body: Body = {"model": model, "max_tokens": manner.max_tokens}
        body["messages"] = [{"role": "user", "content": content}]
        return body | ({"temperature": 0} if manner.has_temperature else {})

    def read(self, answer: Any) -> Answer:
        """Return what the model said."""
        try:
            texts = [block["text"] for block in answer["content"] if block["type"] == "text"]
            return _answer("".join(texts), [])
        except (LookupError, TypeError) as error:
            raise UnreadableAnswerError("the body is no message") from error


class GeminiContent:
    """generateContent."""

    def target(self, model: str) -> str:
        """Return the path of the method."""
        return f"/v1beta/models/{quote(model.removeprefix('models/'), safe='')}:generateContent"

    def headers(self, key: str | None) -> dict[str, str]:
        """Return what names the caller."""
        return {} if key is None else {"x-goog-api-key": key}

    def body(self, model: str, asked: Asked, manner: Manner) -> Body:  # noqa: ARG002 - the model is in the path
        """Return the request."""
        picture = {"inlineData": {"mimeType": asked.media_type, "data": _base64(asked.data)}}
        settings: Body = {"maxOutputTokens": manner.max_tokens}
        if manner.has_temperature:
            settings["temperature"] = 0
        if manner.has_probabilities:
            settings |= {"responseLogprobs": True, "logprobs": 2}
        contents = [{"role": "user", "parts": [picture, {"text": asked.prompt}]}]
        return {"contents": contents, "generationConfig": settings}

    def read(self, answer: Any) -> Answer:
        """Return what the model said."""
        try:
            candidate = answer["candidates"][0]
            parts = candidate["content"]["parts"]
            text = "".join(part["text"] for part in parts if "text" in part and not part.get("thought"))
            steps = (candidate.get("logprobsResult") or {}).get("topCandidates") or []
            chances = [[found["logProbability"] for found in step["candidates"]] for step in steps]
        except (LookupError, TypeError, AttributeError) as error:
            raise UnreadableAnswerError("the body is no generated content") from error
        return _answer(text, chances)


WIRES: Mapping[DialectName, Wire] = {
    "openai": OpenAIChat(),
    "anthropic": AnthropicMessages(),
    "gemini": GeminiContent(),
}


def address_of(base_url: str, target: str) -> str:
    """Join both, whether or not the base ends in the version that the target begins with."""
    base = base_url.rstrip("/")
    version = target.split("/", 2)[1]
    if urlsplit(base).path.rpartition("/")[2] == version:
        target = target.removeprefix(f"/{version}")
    return base + target


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _answer(text: Any, chances: Sequence[Sequence[Any]]) -> Answer:
    if not isinstance(text, str) or not text.strip():
        raise UnreadableAnswerError("the answer has no text; a model that thinks may need more --max-tokens")
    return Answer(text, _least_margin(chances))


def _least_margin(chances: Iterable[Sequence[Any]]) -> float | None:
    """Return how nearly the least sure token was another one, of log-probabilities token by token."""
    margins = []
    for logs in chances:
        if len(logs) < 2 or not all(isinstance(log, int | float) and log <= 1e-6 for log in logs):
            return None
        first, second = sorted((math.exp(log) for log in logs), reverse=True)[:2]
        margins.append(first - second)
    return min(margins, default=None)
