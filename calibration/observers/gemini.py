"""Ask a Gemini model through generateContent: `gemini:MODEL`.

Log-probabilities are asked for until the model refuses them: most models behind an API key do. Thoughts are
counted against the token limit and billed as output.
"""

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from calibration.observers.dialect import (
    USUAL,
    Body,
    Dialect,
    Endpoint,
    MalformedError,
    count,
    ending,
    placeholder,
)
from calibration.observers.families import has_thinking_levels, patience_seconds
from calibration.observers.flags import affirmative_probability
from calibration.observers.limits import ReplyLimit
from calibration.observers.options import Effort, ObserverOptions
from calibration.observers.protocol import Ended, Manner, Reply, TokenChoice
from calibration.observers.remote import RemoteObserver
from calibration.settings import ObserverSettings

_ALTERNATIVES = 5
_MORE_ALTERNATIVES = 20  # for words, of which there are more than flags; some models allow fewer
# What Google's own OpenAI-compatible endpoint makes of an effort for models that take a budget.
_BUDGETS: dict[Effort, int] = {
    "none": 0,
    "minimal": 1024,
    "low": 1024,
    "medium": 8192,
    "high": 24_576,
    "xhigh": 24_576,
    "max": 24_576,
}
_AUTOMATIC = -1
_REFUSALS = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "MODEL_ARMOR",
    }
)

_log = logging.getLogger(__name__)


class GenerateContent:
    """The generateContent method, with images as inline data."""

    def __init__(self, model: str, options: ObserverOptions | None = None) -> None:
        options = options or ObserverOptions()
        self._model = model.removeprefix("models/")
        self.limit = ReplyLimit(self._model, options)
        self._temperature: Body = {"temperature": 0}
        self._thinking = _thinking(self._model, options)
        self._most_alternatives = _MORE_ALTERNATIVES

    @property
    def path(self) -> str:
        """The method of the model; v1beta has every model, v1 the stable ones only."""
        return f"/v1beta/models/{quote(self._model, safe='')}:generateContent"

    def headers(self, api_key: str) -> dict[str, str]:
        """Return the key."""
        return {"x-goog-api-key": api_key}

    def body(self, prompt: str, pictures: Sequence[str], manner: Manner = USUAL) -> Body:
        """Return the request: pictures first, then the prompt."""
        parts: list[Body] = [
            {"inlineData": {"mimeType": "image/png", "data": picture}} for picture in pictures
        ]
        parts.append({"text": prompt})
        return {
            "contents": [{"role": "user", "parts": parts}],
            "generationConfig": {
                **({"temperature": manner.temperature} if self._temperature else {}),
                "maxOutputTokens": self.limit.tokens,
                **self._thinking,
                **self._logprobs(manner),
            },
        }

    def read(self, answer: Any, prompt: str) -> Reply:
        """Turn a response into a reply; a blocked prompt or answer is a reply that says so.

        Raises:
            MalformedError: It has neither a candidate nor a reason for having none.
        """
        try:
            text, reason, logprobs = _read_candidate(answer)
            usage = answer.get("usageMetadata")
            choices = _read_logprobs(logprobs)
        except (LookupError, TypeError, AttributeError) as error:
            raise MalformedError("the body is not a generateContent response") from error
        return Reply(
            text or placeholder(reason),
            probability=affirmative_probability(choices, prompt),
            choices=choices,
            tokens_in=count(usage, "promptTokenCount"),
            tokens_out=count(usage, "candidatesTokenCount", "thoughtsTokenCount"),
            tokens_thought=count(usage, "thoughtsTokenCount"),
            ended=_ended(answer, reason),
        )

    def concede(self, body: Body, complaint: str) -> Dialect | None:
        """Do without log-probabilities or a temperature where the model takes none, or with fewer tokens."""
        asked = body["generationConfig"]
        if "responseLogprobs" in asked and "logprobs" in complaint.lower():
            self._ask_fewer_alternatives(asked["logprobs"])
        elif "temperature" in asked and "temperature" in complaint.lower():
            if self._temperature:
                self._temperature = {}
                _log.warning("%s takes no temperature: its replies may vary between runs", self._model)
        elif not self.limit.lower_from(asked["maxOutputTokens"], complaint):
            return None
        return self

    def _logprobs(self, manner: Manner) -> Body:
        if manner.temperature or not self._most_alternatives:
            return {}
        wanted = _MORE_ALTERNATIVES if manner.words else _ALTERNATIVES
        return {"responseLogprobs": True, "logprobs": min(wanted, self._most_alternatives)}

    def _ask_fewer_alternatives(self, refused: int) -> None:
        if self._most_alternatives >= refused:
            self._most_alternatives = _ALTERNATIVES if refused > _ALTERNATIVES else 0
            if not self._most_alternatives:
                _log.warning("%s gives no log-probabilities: each query yields its answer only", self._model)


def parse_gemini(rest: str, *, settings: ObserverSettings, options: ObserverOptions) -> RemoteObserver:
    """Read `MODEL`.

    Raises:
        ValueError: The model or the key is missing.
    """
    if not rest:
        raise ValueError("expected gemini:MODEL, such as gemini:gemini-2.5-flash")
    key = settings.gemini_api_key or settings.google_api_key
    if key is None:
        raise ValueError(f"gemini:{rest} needs a key: set GEMINI_API_KEY")
    endpoint = Endpoint(
        rest,
        settings.gemini_base_url,
        api_key=key.get_secret_value(),
        workers=options.workers,
        timeout_seconds=patience_seconds(rest, options),
    )
    return RemoteObserver(endpoint, GenerateContent(rest, options), side_by_side=options.side_by_side)


def _thinking(model: str, options: ObserverOptions) -> Body:
    """Return the thinking configuration: a level from Gemini 3 on, a budget of tokens before."""
    if isinstance(options.thinking, int):
        return {"thinkingConfig": {"thinkingBudget": options.thinking}}
    effort: Effort | None = "none" if options.thinking == "off" else options.effort
    if has_thinking_levels(model):
        if effort is None:
            return {}
        if effort == "none":
            _log.warning("%s cannot be kept from thinking: asked to think as little as it can", model)
            effort = "minimal"
        return {"thinkingConfig": {"thinkingLevel": effort}}
    if effort is not None:
        return {"thinkingConfig": {"thinkingBudget": _BUDGETS[effort]}}
    return {"thinkingConfig": {"thinkingBudget": _AUTOMATIC}} if options.thinking == "on" else {}


def _ended(answer: Any, reason: object) -> Ended | None:
    if not answer.get("candidates"):
        return "refusal"  # the prompt was blocked
    return ending(reason, stop=frozenset({"STOP"}), length=frozenset({"MAX_TOKENS"}), refusal=_REFUSALS)


def _read_candidate(answer: Any) -> tuple[str, object, object]:
    """Return the text, why it ended, and the log-probabilities."""
    candidates = answer.get("candidates") or []
    if not candidates:
        return "", answer["promptFeedback"]["blockReason"], None
    candidate = candidates[0]
    parts = (candidate.get("content") or {}).get("parts") or []
    texts = [part["text"] for part in parts if "text" in part and not part.get("thought")]
    reason = candidate.get("finishReason")
    if not texts and reason is None:
        raise LookupError("parts")
    return "".join(texts), reason, candidate.get("logprobsResult")


def _read_logprobs(logprobs: Any) -> list[TokenChoice]:
    """Return the tokens with their alternatives; none where the model tells none."""
    try:
        chosen, top = logprobs["chosenCandidates"], logprobs["topCandidates"]
        return [
            TokenChoice(
                str(token["token"]),
                {
                    str(other["token"]): float(other["logProbability"])
                    for other in [token, *others["candidates"]]
                },
            )
            for token, others in zip(chosen, top, strict=True)
        ]
    except (LookupError, TypeError, ValueError):
        return []
