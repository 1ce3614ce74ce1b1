"""Ask a model at an OpenAI-compatible endpoint: vLLM, SGLang, Ollama, OpenAI, Azure, `jnd-calibrate serve`.

Asks for the alternatives of each token, which turn one reply into a probability. Options a server refuses
(log-probabilities, temperature, the old name of the token limit) are left out from then on; a model that is
only to be had in the Responses API is asked there.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from calibration.observers.addresses import is_azure, split_spec
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
from calibration.observers.families import is_openai_reasoner, patience_seconds
from calibration.observers.flags import affirmative_probability
from calibration.observers.limits import ReplyLimit
from calibration.observers.openai_responses import Responses, key_header, openai_effort
from calibration.observers.options import ObserverOptions
from calibration.observers.protocol import Ended, Manner, Reply, TokenChoice
from calibration.observers.remote import RemoteObserver
from calibration.settings import ObserverSettings

_ALTERNATIVES = 10  # enough for every spelling of both flags; some servers allow 5
_MORE_ALTERNATIVES = 20  # for words, of which there are more than flags
_FEWER = {_MORE_ALTERNATIVES: _ALTERNATIVES, _ALTERNATIVES: 5}  # what to ask for next; else for none
_OPENED_TOKENS = 16  # of a reply whose opening leaves a word to say
_THOUGHT_PARTS = frozenset(
    {"thinking", "reasoning", "redacted_thinking"}
)  # of Mistral's and routers' messages

_log = logging.getLogger(__name__)


class ChatCompletions:
    """Chat completions, with images as data URLs."""

    path = "/chat/completions"

    def __init__(
        self, model: str, options: ObserverOptions | None = None, *, sends_key_as: str | None = None
    ) -> None:
        self._model = model
        self._options = options or ObserverOptions()
        self._sends_key_as = sends_key_as
        self.limit = ReplyLimit(model, self._options)
        self._limit_name = "max_completion_tokens" if is_openai_reasoner(model) else "max_tokens"
        self._temperature: Body = {"temperature": 0}
        self._most_alternatives = _MORE_ALTERNATIVES
        self._thinking = _thinking(model, self._options)

    def headers(self, api_key: str) -> dict[str, str]:
        """Return the bearer token, or the key in the header Azure wants."""
        return key_header(api_key, self._sends_key_as)

    def body(self, prompt: str, pictures: Sequence[str], manner: Manner = USUAL) -> Body:
        """Return the request: pictures first, then the prompt, with the options not refused so far.

        An answer's opening goes as vLLM and SGLang take it; a server that knows no such field refuses it.
        """
        parts: list[Body] = [
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}}
            for picture in pictures
        ]
        parts.append({"type": "text", "text": prompt})
        opened = [{"role": "assistant", "content": manner.opening}] if manner.opening else []
        return {
            "model": self._model,
            "messages": [{"role": "user", "content": parts}, *opened],
            **({"temperature": manner.temperature} if self._temperature else {}),
            self._limit_name: min(self.limit.tokens, _OPENED_TOKENS) if opened else self.limit.tokens,
            **self._logprobs(manner),
            **self._thinking,
            **({"add_generation_prompt": False, "continue_final_message": True} if opened else {}),
        }

    def read(self, answer: Any, prompt: str) -> Reply:
        """Turn a chat completion into a reply; a refusal is a reply too.

        Raises:
            MalformedError: It has no message.
        """
        try:
            choice = answer["choices"][0]
            message = choice["message"]
            content, refusal = _read_content(message.get("content")), _read_content(message.get("refusal"))
            reason, usage = choice.get("finish_reason"), answer.get("usage")
            choices = _read_logprobs(choice.get("logprobs"))
        except (LookupError, TypeError, AttributeError) as error:
            raise MalformedError("the body is not a chat completion") from error
        is_refusal = bool(refusal or _refuses(message.get("content")))
        return Reply(
            content or refusal or placeholder(reason),
            probability=affirmative_probability(choices, prompt),
            tokens_in=count(usage, "prompt_tokens"),
            tokens_out=_count_out(usage),
            tokens_thought=count_within(usage, "completion_tokens_details", "reasoning_tokens"),
            ended="refusal" if is_refusal else _ended(reason),
            choices=choices,
        )

    def concede(self, body: Body, complaint: str) -> Dialect | None:
        """Leave out the option a complaint names, if the body refused had it; or go to the Responses API."""
        if "v1/responses" in complaint:
            _log.warning("%s is only to be had in the Responses API: asked there", self._model)
            return Responses(self._model, self._options, sends_key_as=self._sends_key_as)
        if "max_tokens" in body and "max_completion_tokens" in complaint:
            self._limit_name = "max_completion_tokens"
        elif "logprobs" in body and "logprob" in complaint.lower():
            self._ask_fewer_alternatives(body["top_logprobs"])
        elif "temperature" in body and "temperature" in complaint:
            self._drop_temperature()
        elif not self.limit.lower_from(body.get("max_tokens") or body["max_completion_tokens"], complaint):
            return None
        return self

    def _logprobs(self, manner: Manner) -> Body:
        wanted = 0 if manner.temperature else _MORE_ALTERNATIVES if manner.words else _ALTERNATIVES
        asked = min(wanted, self._most_alternatives)
        return {"logprobs": True, "top_logprobs": asked} if asked else {}

    def _ask_fewer_alternatives(self, refused: int) -> None:
        if self._most_alternatives < refused:
            return  # another request taught it meanwhile
        self._most_alternatives = _FEWER.get(refused, 0)
        if not self._most_alternatives:
            _log.warning("%s gives no log-probabilities: each query yields its answer only", self._model)

    def _drop_temperature(self) -> None:
        if self._temperature:
            self._temperature = {}
            _log.warning("%s takes no temperature: its replies may vary between runs", self._model)


def parse_openai(rest: str, *, settings: ObserverSettings, options: ObserverOptions) -> RemoteObserver:
    """Read `MODEL@BASE_URL`, the address up to and including /v1, or Azure's with its deployment and query.

    Raises:
        ValueError: The model or the address is missing, or an option is not for this API.
    """
    model, base_url = _split(rest, "openai", example="openai:m@http://host/v1")
    dialect = ChatCompletions(model, options, sends_key_as=_key_name(base_url, settings))
    return _observer(model, base_url, dialect, settings, options)


def parse_openai_responses(
    rest: str, *, settings: ObserverSettings, options: ObserverOptions
) -> RemoteObserver:
    """Read `MODEL@BASE_URL` of a server that speaks the Responses API.

    Raises:
        ValueError: The model or the address is missing, or an option is not for this API.
    """
    example = "openai-responses:gpt-5-pro@https://api.openai.com/v1"
    model, base_url = _split(rest, "openai-responses", example=example)
    dialect = Responses(model, options, sends_key_as=_key_name(base_url, settings))
    return _observer(model, base_url, dialect, settings, options)


def _split(rest: str, kind: str, *, example: str) -> tuple[str, str]:
    found = split_spec(rest)
    if found is None:
        raise ValueError(f"expected {kind}:MODEL@BASE_URL, such as {example}; got {rest!r}")
    return found


def _observer(
    model: str, base_url: str, dialect: Dialect, settings: ObserverSettings, options: ObserverOptions
) -> RemoteObserver:
    azures = settings.azure_openai_api_key if is_azure(base_url) else None
    key = azures or settings.openai_api_key
    endpoint = Endpoint(
        model,
        base_url,
        api_key=key.get_secret_value() if key else None,
        workers=options.workers,
        timeout_seconds=patience_seconds(model, options),
    )
    return RemoteObserver(endpoint, dialect, side_by_side=options.side_by_side)


def _key_name(base_url: str, settings: ObserverSettings) -> str | None:
    return settings.openai_key_header or ("api-key" if is_azure(base_url) else None)


def _thinking(model: str, options: ObserverOptions) -> Body:
    """Return what sets the effort; other servers than OpenAI's switch thought in the chat template."""
    if isinstance(options.thinking, int):
        raise ValueError("a number of tokens for --thinking is for anthropic: and gemini:; give --effort")
    if options.thinking is None or options.effort is not None or is_openai_reasoner(model):
        effort = openai_effort(options)
        return {} if effort is None else {"reasoning_effort": effort}
    return {"chat_template_kwargs": {"enable_thinking": options.thinking == "on"}}


def _ended(reason: object) -> Ended | None:
    return ending(
        reason,
        stop=frozenset({"stop", "eos", "stop_sequence", "end_turn"}),
        length=frozenset({"length", "max_tokens"}),
        refusal=frozenset({"content_filter", "refusal"}),
    )


def _count_out(usage: Any) -> int | None:
    """Return what was billed for the reply; xAI and Google leave thoughts out of `completion_tokens`."""
    told, everything, read = (
        count(usage, name) for name in ("completion_tokens", "total_tokens", "prompt_tokens")
    )
    if told is None or everything is None or read is None:
        return told
    return max(told, everything - read)


def _read_content(content: Any) -> str:
    """Return a message's text, be it a string or a list of parts; thoughts are not part of it."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, Mapping) and not _is_thought(part)]
        texts = [part.get("text") or part.get("refusal") for part in parts]
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def _is_thought(part: Mapping[str, Any]) -> bool:
    kind = part.get("type")
    return isinstance(kind, str) and kind in _THOUGHT_PARTS


def _refuses(content: Any) -> bool:
    return isinstance(content, list) and any(
        isinstance(part, Mapping) and part.get("refusal") for part in content
    )


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
