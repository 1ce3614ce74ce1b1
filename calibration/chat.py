"""OpenAI chat completions as a local model's server speaks them: requests in, completions and errors out.

Images come as data URLs only; nothing is fetched. Knows the format, not the server.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from calibration.image import Image, ImageError, decode
from calibration.image_source import DecodeLimits
from calibration.observers.protocol import Manner, Query, TokenChoice

MAX_IMAGES = 16
MAX_ALTERNATIVES = 20
_LIMITS = DecodeLimits(max_bytes=32 * 1024 * 1024, max_pixels=50_000_000)
_DATA_URL = re.compile(r"data:image/[\w.+-]+;base64,", re.IGNORECASE)


class ChatError(ValueError):
    """The request cannot be answered; renders as OpenAI's error body."""

    def __init__(
        self, message: str, *, status: int = 400, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param

    def body(self) -> dict[str, object]:
        """Return OpenAI's error object."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.code}}


@dataclass(frozen=True)
class ChatRequest:
    """One request, understood but for its pictures, which `read_images` decodes."""

    model: str
    prompt: str
    image_urls: Sequence[str]
    is_streamed: bool
    wants_usage: bool  # while streaming
    alternatives: int | None = (
        None  # how many the answer is to list for each token; None: no log-probabilities
    )
    opening: str = ""  # what the answer begins with: the model goes on from there

    def read_images(self) -> Query:
        """Decode the pictures.

        Raises:
            ChatError: An image is not a data URL, or does not decode.
        """
        pictures = [_read_image(url) for url in self.image_urls]
        return Query(self.prompt, pictures, manner=Manner(opening=self.opening))


@dataclass(frozen=True)
class Completion:
    """One answer and what it cost."""

    id: str
    created: int  # Unix seconds
    model: str
    text: str
    prompt_tokens: int
    completion_tokens: int
    choices: Sequence[TokenChoice] | None = None  # of each token; None: not asked for
    alternatives: int = 0  # listed of each, the likeliest first

    def body(self) -> dict[str, object]:
        """Return the whole completion."""
        message = {"role": "assistant", "content": self.text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": self._logprobs(), "finish_reason": "stop"}
        return {**self._head("chat.completion"), "choices": [choice], "usage": self._usage()}

    def events(self, *, with_usage: bool) -> Iterator[str]:  # a keyword from the request, passed through
        """Yield server-sent events: the role, the text word by word, what else it could be, the end."""
        words = re.findall(r"\s*\S+", self.text)
        deltas: list[dict[str, str]] = [{"role": "assistant", "content": ""}]
        deltas += [{"content": word} for word in words]
        for delta in deltas[:-1]:
            yield self._event([_choice(delta, None)])
        yield self._event([_choice(deltas[-1], None, self._logprobs())])
        yield self._event([_choice({}, "stop")])
        if with_usage:
            yield self._event([], usage=self._usage())
        yield "data: [DONE]\n\n"

    def _logprobs(self) -> dict[str, object] | None:
        if self.choices is None:
            return None
        content = []
        for choice in self.choices:
            listed = sorted(choice.alternatives.items(), key=lambda item: -item[1])[: self.alternatives]
            told = _token(choice.token, choice.alternatives[choice.token])
            content.append({**told, "top_logprobs": [_token(*other) for other in listed]})
        return {"content": content, "refusal": None}

    def _event(self, choices: Sequence[object], **more: object) -> str:
        chunk = {**self._head("chat.completion.chunk"), "choices": choices, **more}
        return f"data: {json.dumps(chunk)}\n\n"

    def _head(self, kind: str) -> dict[str, object]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def _usage(self) -> dict[str, int]:
        total = self.prompt_tokens + self.completion_tokens
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": total,
        }


def parse_chat(body: bytes) -> ChatRequest:
    """Read a request body: the prompt is the last user message, with the pictures of the last that has any.

    Raises:
        ChatError: Not JSON, not a chat completion request, or asking for what is not supported.
    """
    try:
        request = json.loads(body)
    except ValueError as error:
        raise ChatError(f"the body is not JSON: {error}", code="invalid_json") from error
    if not isinstance(request, dict):
        raise ChatError("the body must be a JSON object")
    model = request.get("model")
    if not isinstance(model, str):
        raise ChatError("you must provide a model parameter", param="model")
    if request.get("n") not in (None, 1):
        raise ChatError("only n = 1 is supported", param="n")
    prompt, urls = _read_messages(request.get("messages"))
    opening = _read_opening(request) if request.get("continue_final_message") is True else ""
    options = request.get("stream_options")
    return ChatRequest(
        model=model,
        prompt=prompt,
        image_urls=urls,
        is_streamed=bool(request.get("stream")),
        wants_usage=isinstance(options, Mapping) and bool(options.get("include_usage")),
        alternatives=_read_alternatives(request),
        opening=opening,
    )


def _choice(
    delta: Mapping[str, str], finish_reason: str | None, logprobs: Mapping[str, object] | None = None
) -> dict[str, object]:
    return {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}


def _token(text: str, logarithm: float) -> dict[str, object]:
    return {"token": text, "logprob": logarithm, "bytes": list(text.encode())}


def _read_alternatives(request: Mapping[str, Any]) -> int | None:
    """Return how many tokens are to be listed in each place; None where no log-probabilities are wanted."""
    wanted, top = request.get("logprobs"), request.get("top_logprobs")
    if top is not None and wanted is not True:
        raise ChatError("top_logprobs needs logprobs to be true", param="top_logprobs")
    if top is not None and (type(top) is not int or not 0 <= top <= MAX_ALTERNATIVES):
        raise ChatError(
            f"expected top_logprobs of 0 to {MAX_ALTERNATIVES}, got {top!r}", param="top_logprobs"
        )
    return (top or 0) if wanted is True else None


def _read_opening(request: Mapping[str, Any]) -> str:
    """Return the last message, which the answer goes on from, as vLLM and SGLang take it."""
    last = request["messages"][-1]
    if (
        not isinstance(last, Mapping)
        or last.get("role") != "assistant"
        or not isinstance(last.get("content"), str)
    ):
        raise ChatError(
            "continue_final_message needs a last message of the assistant, a string", param="messages"
        )
    return str(last["content"])


def _read_messages(messages: Any) -> tuple[str, list[str]]:
    if not isinstance(messages, list) or not messages:
        raise ChatError("messages must be a non-empty array", param="messages")
    turns = []
    for at, message in enumerate(messages):
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
            raise ChatError(f"messages[{at}] must be an object with a role", param=f"messages[{at}]")
        if message["role"] == "user":
            turns.append(_read_content(message.get("content"), f"messages[{at}].content"))
    if not turns:
        raise ChatError("messages must hold one message of the user", param="messages")
    urls = next((urls for _, urls in reversed(turns) if urls), [])
    if len(urls) > MAX_IMAGES:
        raise ChatError(f"expected at most {MAX_IMAGES} images, got {len(urls)}", param="messages")
    return turns[-1][0], urls


def _read_content(content: Any, where: str) -> tuple[str, list[str]]:
    """Return the text and the image URLs of one message."""
    if isinstance(content, str):
        return content, []
    if not isinstance(content, list):
        raise ChatError("content must be a string or an array of parts", param=where)
    texts, urls = [], []
    for at, part in enumerate(content):
        match part:
            case {"type": "text", "text": str(text)}:
                texts.append(text)
            case {"type": "image_url", "image_url": {"url": str(url)}}:
                urls.append(url)
            case _:
                raise ChatError("expected a part of type text or image_url", param=f"{where}[{at}]")
    return " ".join(texts), urls


def _read_image(url: str) -> Image:
    found = _DATA_URL.match(url)
    if not found:
        raise ChatError(
            f"expected an image as a data URL (data:image/...;base64,...), got {url[:40]!r}",
            code="invalid_image_url",
        )
    try:
        data = base64.b64decode(url[found.end() :], validate=True)
    except binascii.Error as error:
        raise ChatError(f"the image is not valid base64: {error}", code="invalid_base64_image") from error
    try:
        return decode(data, _LIMITS).image
    except ImageError as error:
        raise ChatError(f"the image cannot be read: {error}", code="invalid_image") from error
