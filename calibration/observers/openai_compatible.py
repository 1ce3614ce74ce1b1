"""Ask a model behind an OpenAI-compatible endpoint: vLLM, SGLang, Ollama, OpenAI, `jnd-calibrate serve`.

Queries of a batch are in flight together, up to a bound. What may pass (429, 5xx, timeouts, broken
connections, unreadable bodies) is retried, as long as the server asks to wait where it says so.
"""

import asyncio
import base64
import contextlib
import email.utils
import io
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from calibration.image import Image, encode_png
from calibration.observers.protocol import ObserverError, Query, Reply
from calibration.settings import ObserverSettings

Sleep = Callable[[float], Awaitable[None]]

_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60.0
_TIMEOUT_SECONDS = 120.0
_RETRIED_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_JSON = {"content-type": "application/json"}
_STIMULUS_SIDE = 512
_MAX_TOKENS = 256


@dataclass(frozen=True)
class Endpoint:
    """Where the model is and how hard it may be asked."""

    model: str
    base_url: str  # up to and including /v1
    api_key: str | None = None
    workers: int = 8  # requests in flight at a time
    timeout_seconds: float = _TIMEOUT_SECONDS


class _Retry(Exception):  # noqa: N818 - not an error: a wish to try again
    """The attempt failed in a way that may pass."""

    def __init__(self, message: str, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class OpenAIObserver:
    """A remote model, asked through chat completions with images as data URLs."""

    stimulus_side: int | None = _STIMULUS_SIDE
    input_side: int | None = None

    def __init__(self, endpoint: Endpoint, sleep: Sleep = asyncio.sleep) -> None:
        self.name = endpoint.model
        self._endpoint = endpoint
        self._sleep = sleep
        self._runner = asyncio.Runner()
        self._session: aiohttp.ClientSession | None = None

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        """Answer every query, in order.

        Raises:
            ObserverError: A query got no answer after every retry, or was refused for good.
        """
        return self._runner.run(self._ask_all(queries))

    def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            self._runner.run(self._session.close())
        self._runner.close()

    async def _ask_all(self, queries: Sequence[Query]) -> list[Reply]:
        session = self._open()
        gate = asyncio.Semaphore(self._endpoint.workers)

        async def ask_within_bounds(query: Query) -> Reply:
            async with gate:
                return await self._ask_one(session, query)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(ask_within_bounds(query)) for query in queries]
        except* ObserverError as errors:
            raise ObserverError(str(errors.exceptions[0])) from errors
        return [task.result() for task in tasks]

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            key = self._endpoint.api_key
            self._session = aiohttp.ClientSession(
                headers={"authorization": f"Bearer {key}"} if key else {},
                timeout=aiohttp.ClientTimeout(total=self._endpoint.timeout_seconds),
            )
        return self._session

    async def _ask_one(self, session: aiohttp.ClientSession, query: Query) -> Reply:
        body = json.dumps(_request_body(self._endpoint.model, query)).encode()
        for attempt in range(_ATTEMPTS):
            try:
                return Reply(await self._post(session, body))
            except _Retry as failure:
                last = failure
                pause = _FIRST_PAUSE_SECONDS * 2**attempt
                wanted = pause if failure.after_seconds is None else failure.after_seconds
                if attempt + 1 < _ATTEMPTS:
                    await self._sleep(min(wanted, _LONGEST_PAUSE_SECONDS))
        raise ObserverError(f"{self._where()} gave no answer after {_ATTEMPTS} attempts; last: {last}")

    async def _post(self, session: aiohttp.ClientSession, body: bytes) -> str:
        url = f"{self._endpoint.base_url.rstrip('/')}/chat/completions"
        try:
            payload = io.BytesIO(body)  # a stream: aiohttp would write large bytes in one blocking call
            async with session.post(url, data=payload, headers=_JSON) as response:
                if response.status in _RETRIED_STATUSES:
                    raise _Retry(f"HTTP {response.status}", _retry_after(response.headers))
                if response.status != 200:
                    text = (await response.text(errors="replace"))[:300]
                    raise ObserverError(f"{self._where()} refused with HTTP {response.status}: {text}")
                return _read_content(await response.json(content_type=None))
        except TimeoutError as error:
            raise _Retry(f"no answer within {self._endpoint.timeout_seconds:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise _Retry(f"connection failed: {error}") from error
        except ValueError as error:
            raise _Retry(f"the body is not JSON: {error}") from error

    def _where(self) -> str:
        return f"{self._endpoint.model} at {self._endpoint.base_url}"


def parse_openai(rest: str, *, settings: ObserverSettings, workers: int) -> OpenAIObserver:
    """Read `MODEL@BASE_URL`.

    Raises:
        ValueError: The model or the address is missing.
    """
    model, _, base_url = rest.rpartition("@")
    if not model or not base_url.startswith(("http://", "https://")):
        raise ValueError(f"expected openai:MODEL@BASE_URL, such as openai:m@http://host/v1; got {rest!r}")
    key = settings.openai_api_key
    return OpenAIObserver(
        Endpoint(model, base_url, api_key=key.get_secret_value() if key else None, workers=workers)
    )


def _request_body(model: str, query: Query) -> dict[str, object]:
    parts: list[dict[str, object]] = [
        {"type": "image_url", "image_url": {"url": _data_url(image)}} for image in query.images
    ]
    parts.append({"type": "text", "text": query.prompt})
    return {
        "model": model,
        "messages": [{"role": "user", "content": parts}],
        "temperature": 0,
        "max_tokens": _MAX_TOKENS,
    }


def _data_url(image: Image) -> str:
    return "data:image/png;base64," + base64.b64encode(encode_png(image)).decode()


def _read_content(answer: Any) -> str:
    """Return the reply text; a refusal or an empty message is a reply too."""
    try:
        message = answer["choices"][0]["message"]
        return str(message.get("content") or message.get("refusal") or "")
    except (LookupError, TypeError, AttributeError) as error:
        raise _Retry("the body is not a chat completion") from error


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks to wait: a number, or a date."""
    value = headers.get("retry-after", "")
    with contextlib.suppress(ValueError):
        return max(float(value), 0.0)
    with contextlib.suppress(ValueError):
        return max(email.utils.parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    return None
