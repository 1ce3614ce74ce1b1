"""What the templates say of flags: every number in words, every time in UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.detection.verdict import Evidence, Kind
from gateway.review.flag import Flag, Mark

KIND_WORDS: Mapping[Kind, str] = {
    "residual": "hidden noise",
    "near_duplicate": "changed copy",
    "reference": "changed reference",
    "container": "odd file",
    "alpha": "transparency",
    "scaling": "shows when shrunk",
    "hidden_text": "hidden text",
    "query_series": "series of queries",
}
MARK_WORDS: Mapping[Mark, str] = {
    "open": "open",
    "attack": "attack",
    "false_alarm": "false alarm",
    "allowed": "allowed",
}


@dataclass(frozen=True)
class Fact:
    """One line of a table."""

    name: str
    value: str
    is_code: bool = False


def kind_in_words(kind: str) -> str:
    """Return what a kind of evidence is called; of one that is not known its own name."""
    return next((words for each, words in KIND_WORDS.items() if each == kind), kind)


def mark_in_words(mark: Mark) -> str:
    """Return what a mark is called."""
    return MARK_WORDS[mark]


def when(seconds: float) -> str:
    """Return a time as people read it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def machine_time(seconds: float) -> str:
    """Return a time as programs read it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def number(value: float | None) -> str:
    """Return a number short, or a dash where there is none."""
    return "–" if value is None else f"{value:.2g}"


def size(bytes_: int) -> str:
    """Return a number of bytes as people read it."""
    amount = float(bytes_)
    for unit in ("bytes", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def request_facts(flag: Flag) -> Sequence[Fact]:
    """Return what is known of the request, without what is empty."""
    request = flag.request
    facts = (
        Fact("Time", f"{when(flag.seen_at)} UTC"),
        Fact("Client", request.client or "not one of the settings"),
        Fact("Tenant", request.tenant, is_code=True),
        Fact("Model", request.model),
        Fact("Upstream", request.upstream),
        Fact("Provider", request.provider),
        Fact("API", request.dialect),
        Fact("Path", request.path, is_code=True),
        Fact("Policy", request.policy),
        Fact("Action", flag.action),
        Fact("Request", request.request_id, is_code=True),
        Fact("Predictor", flag.artifact, is_code=True),
        Fact("Flag", flag.id, is_code=True),
    )
    return [fact for fact in facts if fact.value]


def picture_facts(flag: Flag) -> Sequence[Fact]:
    """Return what is known of the picture."""
    sides = f"{flag.width} × {flag.height}" if flag.width else ""
    return (
        Fact("Size", ", ".join(filter(None, (sides, size(flag.size_bytes))))),
        Fact("SHA-256", flag.digest, is_code=True),
    )


def is_by_rule(flag: Flag) -> bool:
    """Tell whether rules alone raised a flag: the p-value is then of what raised none."""
    raised = [item for item in flag.evidence if item.kind in flag.kinds]
    return bool(raised) and all(item.p_value is None for item in raised)


def how_sure(flag: Flag) -> str:
    """Say how sure a flag is."""
    return "a rule" if is_by_rule(flag) else f"p = {number(flag.p_value)}"


def sure(item: Evidence) -> str:
    """Say how sure one piece of evidence is."""
    return "a rule" if item.p_value is None else f"p = {number(item.p_value)}"
