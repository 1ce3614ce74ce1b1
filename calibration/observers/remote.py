"""Ask a model over HTTP: requests in flight, bounded; patience with what may pass, none with what will not.

The half every provider shares. What a provider's requests and replies look like is its `Dialect`, one file
each. The event loop runs on a thread of its own, so a session renders the next pictures meanwhile; pictures
are encoded on other threads, so the loop only moves bytes.
"""

import asyncio
import io
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import orjson

from calibration.observers.background import BackgroundLoop
from calibration.observers.pauses import asked_seconds, own_seconds, spread
from calibration.observers.pictures import PictureTexts
from calibration.observers.protocol import ObserverError, Query, Reply

Sleep = Callable[[float], Awaitable[None]]
Body = dict[str, Any]  # a JSON object on its way out

MAX_TOKENS = 256  # a flag and a paragraph of analysis
_ATTEMPTS = 6
_LONGEST_WISH_SECONDS = 300.0  # a server that wants more gets the run back: it resumes
_TIMEOUT_SECONDS = 120.0
_MAX_REPLY_BYTES = 8 * 1024 * 1024
_RETRIED = frozenset({408, 409, 425, 429})  # and every 5xx
_PERHAPS_NEGOTIABLE = frozenset({400, 403, 422})
_NEVER_PASSES = "insufficient_quota"  # comes as 429, and no waiting fills an account
_ENCODERS = 2
_STIMULUS_SIDE = 512


@dataclass(frozen=True)
class Endpoint:
    """Where the model is and how hard it may be asked."""

    model: str
    base_url: str
    api_key: str | None = None
    workers: int = 8  # requests in flight at a time
    timeout_seconds: float = _TIMEOUT_SECONDS


class MalformedError(ValueError):
    """The body is JSON but not an answer of this dialect; asked for again."""


class Dialect(Protocol):
    """What requests to one provider look like, and what its replies mean."""

    @property
    def path(self) -> str:
        """Where completions are made, below the base URL."""
        ...

    def headers(self, api_key: str) -> dict[str, str]:
        """Return what identifies the caller."""
        ...

    def body(self, prompt: str, pictures: Sequence[str]) -> Body:
        """Return the request for a prompt with pictures, given as base64 of PNG files."""
        ...

    def read(self, answer: Any, prompt: str) -> Reply:
        """Turn the parsed JSON of an answer into a reply.

        Raises:
            MalformedError: It is no answer.
        """
        ...

    def concede(self, body: Body, complaint: str) -> bool:
        """Drop an option the server complains about; whether a body built now differs from this one."""
        ...


class _Retry(Exception):  # noqa: N818 - not an error: a wish to try again
    """The attempt failed in a way that may pass."""

    def __init__(self, message: str, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class _Conceded(Exception):  # noqa: N818 - not an error: the same question, put differently
    """The server refused an option that we can do without."""


class RemoteObserver:
    """A remote model, asked in its provider's dialect."""

    stimulus_side: int | None = _STIMULUS_SIDE
    input_side: int | None = None

    def __init__(self, endpoint: Endpoint, dialect: Dialect, sleep: Sleep = asyncio.sleep) -> None:
        self.name = endpoint.model
        self.endpoint = endpoint
        self._dialect = dialect
        self._sleep = sleep
        self._url = endpoint.base_url.rstrip("/") + dialect.path
        self._background = BackgroundLoop(f"asks {endpoint.model}")
        self._encoders = ThreadPoolExecutor(_ENCODERS, thread_name_prefix="encodes")
        self._pictures = PictureTexts()
        self._gate = asyncio.Semaphore(endpoint.workers)
        self._anteroom = asyncio.Semaphore(self.in_flight)
        self._session: aiohttp.ClientSession | None = None

    @property
    def in_flight(self) -> int:
        """How many queries it wants at a time: as many as go out together, and some being encoded."""
        return self.endpoint.workers + _ENCODERS

    def submit(self, query: Query) -> Future[Reply]:
        """Ask one query; the future fails with `ObserverError` when there is no answer to be had."""
        return self._background.submit(self._answer(query))

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        """Answer every query, in order.

        Raises:
            ObserverError: A query got no answer after every retry, or was refused for good.
        """
        futures = [self.submit(query) for query in queries]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()

    def close(self) -> None:
        """Cancel what is in flight, close the connections, end the threads."""
        self._background.close(self._hang_up())
        self._encoders.shutdown(cancel_futures=True)

    async def _hang_up(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _answer(self, query: Query) -> Reply:
        async with self._anteroom:
            pictures = await asyncio.get_running_loop().run_in_executor(
                self._encoders, self._pictures.texts, query.images
            )
            async with self._gate:
                return await self._ask_patiently(query, pictures)

    async def _ask_patiently(self, query: Query, pictures: Sequence[str]) -> Reply:
        attempt = 0
        while True:
            body = self._dialect.body(query.prompt, pictures)
            try:
                return await self._ask_once(body, query)
            except _Conceded:
                continue
            except _Retry as failure:
                attempt += 1
                if attempt == _ATTEMPTS:
                    raise self._error(
                        query, f"gave no answer after {attempt} attempts; last: {failure}"
                    ) from failure
                await self._sleep(self._pause(failure, attempt - 1, query))

    def _pause(self, failure: _Retry, attempt: int, query: Query) -> float:
        asked = failure.after_seconds
        if asked is None:
            return own_seconds(attempt, query.key)
        if asked > _LONGEST_WISH_SECONDS:
            raise self._error(query, f"asks to wait {asked:.0f} s ({failure}); try again then") from failure
        return spread(asked, attempt, query.key)

    async def _ask_once(self, body: Body, query: Query) -> Reply:
        status, headers, data = await self._post(orjson.dumps(body))
        if status != 200:
            self._refused(status, headers, data.decode(errors="replace"), body, query)
        try:
            return self._dialect.read(orjson.loads(data), query.prompt)
        except orjson.JSONDecodeError as error:
            raise _Retry(f"the body is not JSON: {error}") from error
        except MalformedError as error:
            raise _Retry(str(error)) from error

    async def _post(self, data: bytes) -> tuple[int, Mapping[str, str], bytes]:
        session = self._open()
        payload = io.BytesIO(data)  # a stream: aiohttp would write large bytes in one blocking call
        try:
            async with session.post(self._url, data=payload, allow_redirects=False) as response:
                return response.status, response.headers, await _read_bounded(response)
        except TimeoutError as error:
            raise _Retry(f"no answer within {self.endpoint.timeout_seconds:g} s") from error
        except aiohttp.InvalidURL as error:
            raise ObserverError(f"{self._url} is not an address: {error}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise _Retry(f"connection failed: {error or type(error).__name__}") from error

    def _refused(self, status: int, headers: Mapping[str, str], text: str, body: Body, query: Query) -> None:
        """Raise what this refusal calls for."""
        if status in _PERHAPS_NEGOTIABLE and self._dialect.concede(body, text):
            raise _Conceded
        may_pass = (status in _RETRIED or status >= 500) and _NEVER_PASSES not in text
        advice = headers.get("x-should-retry")  # of OpenAI's and Anthropic's servers, to their own clients
        if may_pass and advice != "false":
            message = f"HTTP {status}: {text[:200]}" if text else f"HTTP {status}"
            raise _Retry(message, asked_seconds(headers, text, time.time()))
        raise self._error(query, f"refused with HTTP {status}: {_message(text)}")

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            key = self.endpoint.api_key
            self._session = aiohttp.ClientSession(
                headers={"content-type": "application/json", **(self._dialect.headers(key) if key else {})},
                timeout=aiohttp.ClientTimeout(total=self.endpoint.timeout_seconds),
                connector=aiohttp.TCPConnector(limit=self.endpoint.workers),
            )
        return self._session

    def _error(self, query: Query, what: str) -> ObserverError:
        asked = f" (query {query.key})" if query.key else ""
        return ObserverError(f"{self.name} at {self.endpoint.base_url} {what}{asked}")


def placeholder(reason: object) -> str:
    """Return what stands for a reply without text; the reason, such as `SAFETY`, is kept in the log."""
    return f"[empty: {reason}]" if isinstance(reason, str) and reason.lower() not in ("", "stop") else ""


def count(usage: Any, *names: str) -> int | None:
    """Return the sum of these fields of a usage report; None where it has none of them."""
    if not isinstance(usage, Mapping):
        return None
    found = [usage[name] for name in names if type(usage.get(name)) is int and usage[name] >= 0]
    return sum(found) if found else None


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes:
    data = bytearray()
    async for chunk in response.content.iter_any():
        data += chunk
        if len(data) > _MAX_REPLY_BYTES:
            raise _Retry(f"the reply is longer than {_MAX_REPLY_BYTES} bytes")
    return bytes(data)


def _message(text: str) -> str:
    """Return the server's own words, out of whichever error object they are in."""
    try:
        error = orjson.loads(text)["error"]
        words = error if isinstance(error, str) else error["message"]
    except (ValueError, LookupError, TypeError):
        words = text
    return str(words)[:300]
