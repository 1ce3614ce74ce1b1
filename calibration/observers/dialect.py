"""What the shared half of remote observers must know of a provider's API, and what dialects have in common.

One provider's API is one file beside this one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from calibration.observers.limits import ReplyLimit
from calibration.observers.protocol import Ended, Manner, Reply

Body = dict[str, Any]  # a JSON object on its way out

USUAL = Manner()

_TIMEOUT_SECONDS = 120.0


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

    @property
    def limit(self) -> ReplyLimit:
        """How many tokens a reply may take."""
        ...

    def headers(self, api_key: str) -> dict[str, str]:
        """Return what identifies the caller."""
        ...

    def body(self, prompt: str, pictures: Sequence[str], manner: Manner = USUAL) -> Body:
        """Return the request for a prompt with pictures, given as base64 of PNG files."""
        ...

    def read(self, answer: Any, prompt: str) -> Reply:
        """Turn the parsed JSON of an answer into a reply.

        Raises:
            MalformedError: It is no answer.
        """
        ...

    def concede(self, body: Body, complaint: str) -> "Dialect | None":
        """Give way to a complaint about `body`.

        Returns:
            The dialect to go on with, whose body would differ from this one: itself without an option the
            server does not take, or another; None where the complaint is about something else.
        """
        ...


def ending(
    reason: object, *, stop: frozenset[str], length: frozenset[str], refusal: frozenset[str]
) -> Ended | None:
    """Return why a reply ended, from the provider's word for it; None where it says nothing."""
    if not isinstance(reason, str):
        return None
    if reason in stop:
        return "stop"
    if reason in length:
        return "length"
    return "refusal" if reason in refusal else "other"


def placeholder(reason: object) -> str:
    """Return what stands for a reply without text; the reason, such as `SAFETY`, is kept in the log."""
    return f"[empty: {reason}]" if isinstance(reason, str) and reason.lower() not in ("", "stop") else ""


def count(usage: Any, *names: str) -> int | None:
    """Return the sum of these fields of a usage report; None where it has none of them."""
    if not isinstance(usage, Mapping):
        return None
    found = [usage[name] for name in names if type(usage.get(name)) is int and usage[name] >= 0]
    return sum(found) if found else None


def count_within(usage: Any, group: str, name: str) -> int | None:
    """Return one field of a usage report's group of details; None where it is not there."""
    return count(usage.get(group), name) if isinstance(usage, Mapping) else None


def billed_with(reply: Reply, lost: Reply) -> Reply:
    """Return the reply with what the attempts before it were billed: their tokens are paid for as well."""
    return replace(
        reply,
        tokens_in=_sum(reply.tokens_in, lost.tokens_in),
        tokens_out=_sum(reply.tokens_out, lost.tokens_out),
        tokens_thought=_sum(reply.tokens_thought, lost.tokens_thought),
    )


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None and second is None else (first or 0) + (second or 0)
