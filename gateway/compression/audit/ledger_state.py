"""What the shadow audit counted, spent and decided: as a text with a version, and as two machines know it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from gateway.compression.audit.rate import ChangeRate

VERSION = 1  # of the text


class LedgerError(ValueError):
    """The file is not what this module wrote."""


@dataclass(frozen=True)
class Entry:
    """One model and class of pictures: its epoch, and what was counted since it began."""

    epoch: int = 0
    answers: int = 0
    changed: int = 0
    noise: int = 0

    @property
    def rate(self) -> ChangeRate:
        """Return the counts; each request is a unit of its own."""
        return ChangeRate(self.answers, self.answers, self.changed, self.noise)


@dataclass(frozen=True)
class LedgerState:
    """All that is known."""

    day: str = ""
    spent: int = 0  # questions asked this day
    entries: tuple[tuple[str, str, Entry], ...] = ()  # model, class

    def entry(self, model: str, picture_class: str) -> Entry:
        """Return what is known of a model and class."""
        return next((e for m, c, e in self.entries if (m, c) == (model, picture_class)), Entry())

    def joined(self, other: "LedgerState") -> "LedgerState":
        """Return what two machines know: the stricter epoch, and of equals what was counted longer."""
        found = {(m, c): e for m, c, e in self.entries}
        for model, picture_class, entry in other.entries:
            known = found.get((model, picture_class), Entry())
            better = max(known, entry, key=lambda each: (each.epoch, each.answers, each.changed, each.noise))
            found[model, picture_class] = better
        entries = tuple((m, c, e) for (m, c), e in sorted(found.items(), key=_name))
        return LedgerState(*max((self.day, self.spent), (other.day, other.spent)), entries)

    def having(self, model: str, entries: Mapping[str, Entry]) -> "LedgerState":
        """Return what is known with these classes of a model changed."""
        others = {(m, c): e for m, c, e in self.entries}
        found = others | {(model, picture_class): entry for picture_class, entry in entries.items()}
        return replace(self, entries=tuple((m, c, e) for (m, c), e in sorted(found.items(), key=_name)))


def _name(item: tuple[tuple[str, str], Entry]) -> tuple[str, str]:
    return item[0]


def pack_state(state: LedgerState) -> bytes:
    """Return the text of what is known."""
    entries = [{"model": m, "class": c, **asdict(entry)} for m, c, entry in state.entries]
    fields = {"version": VERSION, "day": state.day, "spent": state.spent, "entries": entries}
    return json.dumps(fields, indent=1).encode() + b"\n"


def parse_state(data: bytes, place: str) -> LedgerState:
    """Return what a text says; `place` is for the message.

    Raises:
        LedgerError: It is not what this module wrote, or of another version.
    """
    try:
        fields: Any = json.loads(data)
        if fields.get("version") != VERSION:
            raise ValueError(f"expected version {VERSION}, got {fields.get('version')!r}")
        entries = tuple((_text(e, "model"), _text(e, "class"), _entry(e)) for e in fields["entries"])
        return LedgerState(_text(fields, "day"), _count(fields, "spent"), entries)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise LedgerError(f"{place} is not what the shadow audit wrote: {error}; move it away") from error


def _entry(fields: Any) -> Entry:
    found = Entry(*(_count(fields, name) for name in ("epoch", "answers", "changed", "noise")))
    if found.changed + found.noise > found.answers:
        raise ValueError(f"expected no more changes than answers, got {found}")
    return found


def _text(fields: Any, name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise TypeError(f"expected text as {name}, got {value!r}")
    return value


def _count(fields: Any, name: str) -> int:
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ValueError(f"expected a count as {name}, got {value!r}")
    return value
