"""Ask a model over HTTP: requests in flight, bounded; patience with what may pass, none with what will not.

The half every provider shares. What a provider's requests and replies look like is its `Dialect`, one file
each. The event loop runs on a thread of its own, so a session renders the next pictures meanwhile; pictures
are encoded on other threads, so the loop only moves bytes.
"""

import asyncio
import io
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import NoReturn

import aiohttp
import orjson

from calibration.observers.account import RetryAccount
from calibration.observers.addresses import identity, method_url
from calibration.observers.background import BackgroundLoop
from calibration.observers.dialect import Body, Dialect, Endpoint, MalformedError, billed_with
from calibration.observers.limits import says_nothing
from calibration.observers.pauses import asked_seconds, own_seconds, spread
from calibration.observers.pictures import PictureTexts
from calibration.observers.protocol import ObserverError, Query, Reply
from calibration.observers.side_by_side import EXPLANATION, join_pictures, takes_one_picture

Sleep = Callable[[float], Awaitable[None]]

_ATTEMPTS = 6
_LONGEST_WISH_SECONDS = 300.0  # a server that wants more gets the run back: it resumes
_MAX_REPLY_BYTES = 8 * 1024 * 1024
_RETRIED = frozenset({408, 409, 425, 429})  # and every 5xx
_PERHAPS_NEGOTIABLE = frozenset({400, 403, 404, 413, 422, 500})  # Ollama says 500 to a second picture
_NEVER_PASSES = "insufficient_quota"  # comes as 429, and no waiting fills an account
_ENCODERS = 2
_STIMULUS_SIDE = 512
_MALFORMED = "malformed answer"

_log = logging.getLogger(__name__)


class _Retry(Exception):  # noqa: N818 - not an error: a wish to try again
    """The attempt failed in a way that may pass."""

    def __init__(self, message: str, reason: str, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason  # a few words, the same for all of a kind
        self.after_seconds = after_seconds


class _Conceded(Exception):  # noqa: N818 - not an error: the same question, put differently
    """The server refused an option that we can do without."""


@dataclass(frozen=True)
class _Shown:
    """A question as it is sent."""

    query: Query
    prompt: str
    pictures: Sequence[str]  # base64 of PNG files


class RemoteObserver:
    """A remote model, asked in its provider's dialect."""

    stimulus_side: int | None = _STIMULUS_SIDE
    input_side: int | None = None

    def __init__(
        self,
        endpoint: Endpoint,
        dialect: Dialect,
        sleep: Sleep = asyncio.sleep,
        *,
        side_by_side: bool | None = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            endpoint: Whom to ask.
            dialect: How to ask.
            sleep: Waits between attempts.
            side_by_side: Whether two pictures go as one; None: where the server takes one picture.
        """
        self.name = endpoint.model
        self.endpoint = endpoint
        self.retries = RetryAccount(endpoint.model)
        self._dialect = dialect
        self._sleep = sleep
        self._side_by_side = side_by_side
        self._background = BackgroundLoop(f"asks {endpoint.model}")
        self._encoders = ThreadPoolExecutor(_ENCODERS, thread_name_prefix="encodes")
        self._pictures = PictureTexts()
        self._gate = asyncio.Semaphore(endpoint.workers)
        self._anteroom = asyncio.Semaphore(self.in_flight)
        self._session: aiohttp.ClientSession | None = None

    @property
    def address(self) -> str:
        """Which server is asked, without credentials: another one is another observer."""
        return identity(self.endpoint.base_url)

    @property
    def side_by_side(self) -> bool:
        """Whether two pictures go as one; may become true with the first refusal."""
        return bool(self._side_by_side)

    @property
    def max_tokens(self) -> int:
        """How many tokens a reply may take now, thoughts included."""
        return self._dialect.limit.tokens

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
            shown = await self._encode(query)
            async with self._gate:
                return await self._ask_patiently(query, shown)

    async def _encode(self, query: Query) -> _Shown:
        """Encode the pictures, as one where the server takes one, on a thread."""
        run = asyncio.get_running_loop().run_in_executor
        if not (self._side_by_side and len(query.images) > 1):
            return _Shown(query, query.prompt, await run(self._encoders, self._pictures.texts, query.images))
        joined = await run(self._encoders, join_pictures, query.images)
        texts = await run(self._encoders, self._pictures.texts, [joined])
        return _Shown(query, f"{EXPLANATION}\n\n{query.prompt}", texts)

    async def _ask_patiently(self, query: Query, shown: _Shown) -> Reply:
        attempt, lost = 0, Reply("")
        while True:
            if self._side_by_side and len(shown.pictures) > 1:  # learned since it was encoded
                shown = await self._encode(query)
            dialect, limit = self._dialect, self._dialect.limit.tokens
            try:
                body = dialect.body(shown.prompt, shown.pictures, query.manner)
                reply = await self._ask_once(dialect, body, shown)
            except _Conceded:
                continue
            except _Retry as failure:
                attempt += 1
                if attempt == _ATTEMPTS:
                    raise self._error(
                        query, f"gave no answer after {attempt} attempts; last: {failure}"
                    ) from failure
                pause = self._pause(failure, attempt - 1, query)
                self.retries.note(failure.reason, pause, str(failure))
                await self._sleep(pause)
                continue
            reply = billed_with(reply, lost)
            if reply.ended == "length" and says_nothing(reply.text) and dialect.limit.raise_from(limit):
                lost = reply
                continue
            return reply

    def _pause(self, failure: _Retry, attempt: int, query: Query) -> float:
        asked = failure.after_seconds
        if asked is None:
            return own_seconds(attempt, query.key)
        if asked > _LONGEST_WISH_SECONDS:
            raise self._error(query, f"asks to wait {asked:.0f} s ({failure}); try again then") from failure
        return spread(asked, attempt, query.key)

    async def _ask_once(self, dialect: Dialect, body: Body, shown: _Shown) -> Reply:
        status, headers, data = await self._post(dialect.path, orjson.dumps(body))
        if status != 200:
            text = data.decode(errors="replace")
            if status in _PERHAPS_NEGOTIABLE and self._concede(dialect, body, text, shown):
                raise _Conceded
            self._refused(status, headers, text, shown.query)
        try:
            return dialect.read(orjson.loads(data), shown.query.prompt)
        except orjson.JSONDecodeError as error:
            raise _Retry(f"the body is not JSON: {error}", _MALFORMED) from error
        except MalformedError as error:
            raise _Retry(str(error), _MALFORMED) from error

    def _concede(self, dialect: Dialect, body: Body, complaint: str, shown: _Shown) -> bool:
        """Give way to what the server cannot do; whether the question would be put differently now."""
        if len(shown.pictures) > 1 and takes_one_picture(complaint):
            self._join_pictures(shown.query)
            return True
        successor = dialect.concede(body, complaint)
        if successor is not None and self._dialect is dialect:  # else another request was faster
            self._dialect = successor
        return successor is not None

    def _join_pictures(self, query: Query) -> None:
        if self._side_by_side is False:
            advice = "--side-by-side shows two as one, in a new --out if this session began with two"
            raise self._error(query, f"takes one picture per request; {advice}")
        if not self._side_by_side:
            self._side_by_side = True
            _log.warning("%s takes one picture per request: two are shown side by side as one", self.name)

    async def _post(self, path: str, data: bytes) -> tuple[int, Mapping[str, str], bytes]:
        session = self._open()
        try:
            url = method_url(self.endpoint.base_url, path)
        except ValueError as error:
            raise ObserverError(f"{self.endpoint.base_url} is not an address: {error}") from error
        payload = io.BytesIO(data)  # a stream: aiohttp would write large bytes in one blocking call
        try:
            async with session.post(url, data=payload, allow_redirects=False) as response:
                return response.status, response.headers, await _read_bounded(response)
        except TimeoutError as error:
            raise _Retry(f"no answer within {self.endpoint.timeout_seconds:g} s", "timeout") from error
        except aiohttp.InvalidURL as error:
            raise ObserverError(f"{url} is not an address: {error}") from error
        except (aiohttp.ClientError, OSError) as error:
            words = f"connection failed: {error or type(error).__name__}"
            raise _Retry(words, "connection failed") from error

    def _refused(self, status: int, headers: Mapping[str, str], text: str, query: Query) -> NoReturn:
        """Raise what this refusal calls for."""
        may_pass = (status in _RETRIED or status >= 500) and _NEVER_PASSES not in text
        advice = headers.get("x-should-retry")  # of OpenAI's and Anthropic's servers, to their own clients
        if may_pass and advice != "false":
            message = f"HTTP {status}: {text[:200]}" if text else f"HTTP {status}"
            raise _Retry(message, f"HTTP {status}", asked_seconds(headers, text, time.time()))
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
        return ObserverError(f"{self.name} at {self.address} {what}{asked}")


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes:
    data = bytearray()
    async for chunk in response.content.iter_any():
        data += chunk
        if len(data) > _MAX_REPLY_BYTES:
            raise _Retry(f"the reply is longer than {_MAX_REPLY_BYTES} bytes", "reply too long")
    return bytes(data)


def _message(text: str) -> str:
    """Return the server's own words, out of whichever error object they are in."""
    try:
        error = orjson.loads(text)["error"]
        words = error if isinstance(error, str) else error["message"]
    except (ValueError, LookupError, TypeError):
        words = text
    return str(words)[:300]
