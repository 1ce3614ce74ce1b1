"""Ask an API with patience: waits as long as it is told to, learns how a model lets itself be asked.

What went wrong is counted by kind and never holds the key. Keeps nothing of what was answered.
"""

import asyncio
import contextlib
import email.utils
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway.compression.audit.answers import Answer
from gateway.compression.audit.wire import Asked, Manner, UnreadableAnswerError, Wire, address_of

_TRIES = 6
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 120.0
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})  # the last is Anthropic's "overloaded"
_HOPELESS = frozenset({401, 402, 403, 404, 405})
_LARGEST_ANSWER_BYTES = 16 * 1024 * 1024
_TOLD = 200  # characters of a refusal

Sleep = Callable[[float], Awaitable[None]]


class UnansweredError(Exception):
    """One question was not answered; the next may be."""


class HopelessError(Exception):
    """No question will be answered: the key, the address or the model is wrong."""


@dataclass(eq=False)
class Asker:
    """One model at one API."""

    session: aiohttp.ClientSession
    wire: Wire
    base_url: str
    model: str
    key: str | None
    manner: Manner = field(default_factory=Manner)
    sleep: Sleep = asyncio.sleep
    errors: Counter[str] = field(default_factory=Counter)  # by kind, those that were got over included

    async def ask(self, asked: Asked) -> Answer:
        """Return the answer.

        Raises:
            UnansweredError: It did not come, or was none.
            HopelessError: None will come.
        """
        for attempt in range(_TRIES):
            manner = self.manner
            status, headers, text = await self._send(self.wire.body(self.model, asked, manner))
            if status == 200:
                return self._read(text)
            self.errors[f"http_{status}" if status else "unreachable"] += 1
            if status in _HOPELESS:
                raise HopelessError(f"{self.base_url} answered {status}: {self._told(text)}")
            if status in (400, 422) and self._has_learned(manner, text):
                continue
            if status and status not in _AGAIN:
                raise UnansweredError(f"answered {status}: {self._told(text)}")
            if attempt < _TRIES - 1:
                await self.sleep(pause_seconds(headers, attempt, time.time()))
        raise UnansweredError(f"answered {status or 'nothing'} {_TRIES} times: {self._told(text)}")

    async def _send(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, str], str]:
        """Return status, headers and body; status 0 where there was no connection, with the reason."""
        address = address_of(self.base_url, self.wire.target(self.model))
        try:
            async with self.session.post(address, json=body, headers=self.wire.headers(self.key)) as answer:
                data = bytearray()
                async for piece in answer.content.iter_any():
                    data += piece
                    if len(data) > _LARGEST_ANSWER_BYTES:
                        return 413, {}, "an answer of more than 16 MiB"
                return answer.status, answer.headers, data.decode(errors="replace")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return 0, {}, str(error) or type(error).__name__

    def _read(self, text: str) -> Answer:
        try:
            return self.wire.read(json.loads(text))
        except (ValueError, RecursionError) as error:
            self.errors["unreadable"] += 1
            told = str(error) if isinstance(error, UnreadableAnswerError) else "the body is not JSON"
            raise UnansweredError(told) from error

    def _has_learned(self, manner: Manner, complaint: str) -> bool:
        """Take up another manner; true as well where another question has taught it meanwhile."""
        if self.manner != manner:
            return True
        conceded = manner.conceding(complaint)
        if conceded is None:
            return False
        self.manner = conceded
        return True

    def _told(self, text: str) -> str:
        told = text.replace(self.key, "[key]") if self.key else text
        return " ".join(told.split())[:_TOLD] or "nothing else"


def pause_seconds(headers: Mapping[str, str], attempt: int, now: float) -> float:
    """Return how long to wait before asking again: as told, else doubling; never more than two minutes.

    Args:
        headers: Of the refusal, insensitive to case or in small letters.
        attempt: From 0.
        now: Unix seconds.
    """
    told = _told_seconds(headers, now)
    own = _FIRST_PAUSE_SECONDS * 2.0**attempt
    return min(own if told is None else max(told, 0.0), _LONGEST_PAUSE_SECONDS)


def _told_seconds(headers: Mapping[str, str], now: float) -> float | None:
    with contextlib.suppress(ValueError):
        return _finite(headers.get("retry-after-ms", "")) / 1000
    value = headers.get("retry-after", "")
    with contextlib.suppress(ValueError):
        return _finite(value)
    with contextlib.suppress(ValueError, OverflowError):
        return email.utils.parsedate_to_datetime(value).timestamp() - now
    return None


def _finite(value: str) -> float:
    seconds = float(value)
    if not abs(seconds) < float("inf"):
        raise ValueError(f"expected a finite number of seconds, got {value}")
    return seconds
