"""Ask a Gemini model through generateContent: `gemini:MODEL`.

Log-probabilities are asked for until the model refuses them: most models behind an API key do.
"""

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from calibration.observers.flags import TokenChoice, affirmative_probability
from calibration.observers.protocol import Reply
from calibration.observers.remote import Body, Endpoint, MalformedError, RemoteObserver, count, placeholder
from calibration.settings import ObserverSettings

_ALTERNATIVES = 5
_MAX_TOKENS = 2048  # thinking is counted against it

_log = logging.getLogger(__name__)


class GenerateContent:
    """The generateContent method, with images as inline data."""

    def __init__(self, model: str) -> None:
        self._model = model.removeprefix("models/")
        self._logprobs: Body = {"responseLogprobs": True, "logprobs": _ALTERNATIVES}

    @property
    def path(self) -> str:
        """The method of the model; v1beta has every model, v1 the stable ones only."""
        return f"/v1beta/models/{quote(self._model, safe='')}:generateContent"

    def headers(self, api_key: str) -> dict[str, str]:
        """Return the key."""
        return {"x-goog-api-key": api_key}

    def body(self, prompt: str, pictures: Sequence[str]) -> Body:
        """Return the request: pictures first, then the prompt."""
        parts: list[Body] = [
            {"inlineData": {"mimeType": "image/png", "data": picture}} for picture in pictures
        ]
        parts.append({"text": prompt})
        return {
            "contents": [{"role": "user", "parts": parts}],
            "generationConfig": {"temperature": 0, "maxOutputTokens": _MAX_TOKENS, **self._logprobs},
        }

    def read(self, answer: Any, prompt: str) -> Reply:
        """Turn a response into a reply; a blocked prompt or answer is a reply that says so.

        Raises:
            MalformedError: It has neither a candidate nor a reason for having none.
        """
        try:
            text, reason, logprobs = _read_candidate(answer)
            usage = answer.get("usageMetadata")
        except (LookupError, TypeError, AttributeError) as error:
            raise MalformedError("the body is not a generateContent response") from error
        return Reply(
            text or placeholder(reason),
            probability=affirmative_probability(_read_logprobs(logprobs), prompt),
            tokens_in=count(usage, "promptTokenCount"),
            tokens_out=count(usage, "candidatesTokenCount", "thoughtsTokenCount"),
        )

    def concede(self, body: Body, complaint: str) -> bool:
        """Do without log-probabilities where the model has none."""
        if "responseLogprobs" not in body["generationConfig"] or "logprobs" not in complaint.lower():
            return False
        if self._logprobs:
            self._logprobs = {}
            _log.warning("%s gives no log-probabilities: each query yields yes or no only", self._model)
        return True


def parse_gemini(rest: str, *, settings: ObserverSettings, workers: int) -> RemoteObserver:
    """Read `MODEL`.

    Raises:
        ValueError: The model or the key is missing.
    """
    if not rest:
        raise ValueError("expected gemini:MODEL, such as gemini:gemini-2.5-flash")
    key = settings.gemini_api_key or settings.google_api_key
    if key is None:
        raise ValueError(f"gemini:{rest} needs a key: set GEMINI_API_KEY")
    endpoint = Endpoint(rest, settings.gemini_base_url, api_key=key.get_secret_value(), workers=workers)
    return RemoteObserver(endpoint, GenerateContent(rest))


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
