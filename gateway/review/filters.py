"""What of the flags is asked for: one object, which a link holds whole and a query of the store follows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from gateway.detection.verdict import KINDS, Kind
from gateway.metric_families import OTHER
from gateway.review.flag import MARKS, Mark, is_id

_LONGEST = 200  # characters of a word
_NAMES = ("kind", "model", "client", "status", "digest", "since", "until")


class BadFilterError(ValueError):
    """A filter cannot be read; says which part."""


@dataclass(frozen=True)
class Named:
    """What the settings name; metrics, and links from them, call all else `other`."""

    models: frozenset[str]
    clients: frozenset[str]


@dataclass(frozen=True)
class Filter:
    """Which flags; None: all, whatever they are there."""

    kind: Kind | None = None
    model: str | None = None
    client: str | None = None
    mark: Mark | None = None
    digest: str | None = None
    since: float | None = None  # seconds since 1970
    until: float | None = None  # likewise; not included
    before: str | None = None  # an id: those that are older
    after: str | None = None  # an id: those that are newer, the oldest of them first
    named: Named | None = None  # None: `other` is a name like every other

    @classmethod
    def of(cls, query: Mapping[str, str], named: Named | None = None) -> "Filter":
        """Read the query of a link; empty words say nothing, `other` is whatever is not among the named.

        Raises:
            BadFilterError: A word is none that can be.
        """
        said = {name: value.strip()[:_LONGEST] for name, value in query.items() if value.strip()}
        kind = next((each for each in KINDS if each == said.get("kind")), None)
        mark = next((each for each in MARKS if each == said.get("status")), None)
        if "kind" in said and kind is None:
            raise BadFilterError(f"kind: expected one of {', '.join(KINDS)}")
        if "status" in said and mark is None:
            raise BadFilterError(f"status: expected one of {', '.join(MARKS)}")
        for name in ("before", "after"):
            if name in said and not is_id(said[name]):
                raise BadFilterError(f"{name}: expected the id of a flag")
        return cls(
            kind=kind,
            model=said.get("model"),
            client=said.get("client"),
            mark=mark,
            digest=said.get("digest", "").lower() or None,
            since=_time(said, "since"),
            until=_time(said, "until"),
            before=said.get("before"),
            after=said.get("after"),
            named=named,
        )

    @property
    def all_but(self) -> Mapping[str, frozenset[str]]:
        """Columns that are filtered by what is not in them, with that."""
        if self.named is None:
            return {}
        found = {"model": (self.model, self.named.models), "client": (self.client, self.named.clients)}
        return {column: names - {OTHER} for column, (value, names) in found.items() if value == OTHER}

    @property
    def words(self) -> dict[str, str]:
        """Every part that says something, as a link has it, without the place in the list."""
        values = (
            self.kind,
            self.model,
            self.client,
            self.mark,
            self.digest,
            None if self.since is None else _written(self.since),
            None if self.until is None else _written(self.until),
        )
        return {name: value for name, value in zip(_NAMES, values, strict=True) if value is not None}

    @property
    def query(self) -> str:
        """The same as the query of a link."""
        return urlencode(self.words)

    def at(self, *, before: str | None = None, after: str | None = None) -> "Filter":
        """Return the same filter at another place in the list."""
        return replace(self, before=before, after=after)


def _time(said: Mapping[str, str], name: str) -> float | None:
    """Read a date, a date and time (UTC unless it says otherwise), or milliseconds as Grafana writes them."""
    if name not in said:
        return None
    text = said[name]
    try:
        if text.isdigit():
            return datetime.fromtimestamp(int(text) / 1000, UTC).timestamp()
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise BadFilterError(f"{name}: expected a time such as 2026-01-31T12:00, in UTC") from error


def _written(seconds: float) -> str:
    """Write a time as a form's field for times does, no finer than it is."""
    finer = "minutes" if seconds % 60 == 0 else "milliseconds"
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(timespec=finer)
