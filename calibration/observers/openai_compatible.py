"""Ask a model behind an OpenAI-compatible endpoint: vLLM, SGLang, Ollama, OpenAI, `jnd-calibrate serve`.

Asks for the alternatives of each token, which turn one reply into a probability. Options a server refuses
(log-probabilities, temperature, the old name of the token limit) are left out from then on.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from calibration.observers.flags import TokenChoice, affirmative_probability
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

_ALTERNATIVES = 10  # enough for every spelling of both flags; some servers allow 5
_FEWER_ALTERNATIVES = 5
_MAX_REASONED_TOKENS = 2048  # models that want the new name of the limit think first, and are billed for it

_log = logging.getLogger(__name__)


class ChatCompletions:
    """Chat completions, with images as data URLs."""

    path = "/chat/completions"

    def __init__(self, model: str) -> None:
        self._model = model
        self._limit: Body = {"max_tokens": MAX_TOKENS}
        self._temperature: Body = {"temperature": 0}
        self._logprobs: Body = {"logprobs": True, "top_logprobs": _ALTERNATIVES}

    def headers(self, api_key: str) -> dict[str, str]:
        """Return the bearer token."""
        return {"authorization": f"Bearer {api_key}"}

    def body(self, prompt: str, pictures: Sequence[str]) -> Body:
        """Return the request: pictures first, then the prompt, with the options not refused so far."""
        parts: list[Body] = [
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}}
            for picture in pictures
        ]
        parts.append({"type": "text", "text": prompt})
        messages = [{"role": "user", "content": parts}]
        return {
            "model": self._model,
            "messages": messages,
            **self._temperature,
            **self._limit,
            **self._logprobs,
        }

    def read(self, answer: Any, prompt: str) -> Reply:
        """Turn a chat completion into a reply; a refusal is a reply too.

        Raises:
            MalformedError: It has no message.
        """
        try:
            choice = answer["choices"][0]
            message = choice["message"]
            text = _read_content(message.get("content")) or _read_content(message.get("refusal"))
            reason, usage = choice.get("finish_reason"), answer.get("usage")
            choices = _read_logprobs(choice.get("logprobs"))
        except (LookupError, TypeError, AttributeError) as error:
            raise MalformedError("the body is not a chat completion") from error
        return Reply(
            text or placeholder(reason),
            probability=affirmative_probability(choices, prompt),
            tokens_in=count(usage, "prompt_tokens"),
            tokens_out=count(usage, "completion_tokens"),
        )

    def concede(self, body: Body, complaint: str) -> bool:
        """Leave out the option a complaint names, if the body refused had it."""
        if "max_tokens" in body and "max_completion_tokens" in complaint:
            self._limit = {"max_completion_tokens": _MAX_REASONED_TOKENS}
        elif "logprobs" in body and "logprob" in complaint.lower():
            self._ask_fewer_alternatives(body["top_logprobs"])
        elif "temperature" in body and "temperature" in complaint:
            self._drop_temperature()
        else:
            return False
        return True

    def _ask_fewer_alternatives(self, refused: int) -> None:
        if refused > _FEWER_ALTERNATIVES:
            if self._logprobs.get("top_logprobs") == refused:
                self._logprobs = {"logprobs": True, "top_logprobs": _FEWER_ALTERNATIVES}
        elif self._logprobs:
            self._logprobs = {}
            _log.warning("%s gives no log-probabilities: each query yields yes or no only", self._model)

    def _drop_temperature(self) -> None:
        if self._temperature:
            self._temperature = {}
            _log.warning("%s takes no temperature: its replies may vary between runs", self._model)


def parse_openai(rest: str, *, settings: ObserverSettings, workers: int) -> RemoteObserver:
    """Read `MODEL@BASE_URL`, the address up to and including /v1.

    Raises:
        ValueError: The model or the address is missing.
    """
    model, _, base_url = rest.rpartition("@")
    if not model or not base_url.startswith(("http://", "https://")):
        raise ValueError(f"expected openai:MODEL@BASE_URL, such as openai:m@http://host/v1; got {rest!r}")
    key = settings.openai_api_key
    endpoint = Endpoint(model, base_url, api_key=key.get_secret_value() if key else None, workers=workers)
    return RemoteObserver(endpoint, ChatCompletions(model))


def _read_content(content: Any) -> str:
    """Return a message's text, be it a string or a list of parts."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, Mapping)]
        texts = [part.get("text") or part.get("refusal") for part in parts]
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def _read_logprobs(logprobs: Any) -> list[TokenChoice]:
    """Return the tokens with their alternatives; none where the server sends none, or something else."""
    tokens = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    if not isinstance(tokens, list):
        return []
    try:
        return [
            TokenChoice(
                str(token["token"]),
                {str(other["token"]): float(other["logprob"]) for other in [token, *token["top_logprobs"]]},
            )
            for token in tokens
        ]
    except (LookupError, TypeError, ValueError):
        return []
