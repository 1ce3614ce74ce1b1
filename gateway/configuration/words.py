"""Say in plain words what a check of types found: the key, what was expected, what came; never a secret."""

import re
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gateway.configuration.amounts import plain_number
from gateway.configuration.keys import Key, Where, key_at, lowered, suggest

_LONGEST_SHOWN = 60  # characters of a value in a message
_NO_SPACE = re.compile(r"([A-Za-z_]+):(?=\S)")


def explain(error: ValidationError, root: Key) -> list[tuple[Where, str]]:
    """Return each mistake's place and sentence, one for each place."""
    found: dict[Where, str] = {}
    for detail in error.errors(include_url=False):
        where = tuple(step for step in detail["loc"] if step != "[key]")
        found.setdefault(where, _sentence(detail, where, root))
    return list(found.items())


def _sentence(detail: ErrorDetails, where: Where, root: Key) -> str:
    if detail["type"] == "extra_forbidden":
        return ", ".join(filter(None, ("unknown key", suggest(root, where, detail["input"])))).replace(
            ", did", "; did", 1
        )
    key, rest = key_at(root, where)
    if key is None:
        return "cannot be used"
    if detail["type"] == "missing":
        meaning = (key.spec.description or "") if key.spec else ""
        return f"is missing: {lowered(meaning)}"
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    expected = _expected(key, rest)
    return f"expected {expected}, got {_shown(detail['input'], key)}{_meant(detail['input'], key, rest)}"


def _expected(key: Key, rest: Where) -> str:
    if rest and key.kind in ("sections", "named sections"):
        return "keys and values"
    if rest and key.kind in ("list", "map"):
        entry = Key(key.path, "value", key.holds)
        return entry.expected()
    return key.expected()


def _shown(value: Any, key: Key) -> str:
    if value is None:
        return "nothing after the colon"
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, list | tuple | set | frozenset):
        return "a list"
    if any(below.is_secret for below in key.walk()):
        return "a text"
    text = str(value)
    return repr(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "...")


def _meant(value: Any, key: Key, rest: Where) -> str:
    if isinstance(value, dict) and key.kind == "map" and rest:
        return f"; write `{rest[0]}: {_only_text_in(value) or rest[0]}`"
    if not isinstance(value, str):
        return ""
    if key.kind == "list" and not rest:
        return f"; write [{_entries(value, key)}]" if value.strip() else ""
    if near := get_close_matches(value.lower(), key.choices(), 1):
        return f"; did you mean {near[0]}?"
    return _meant_instead(value, key)


def _entries(value: str, key: Key) -> str:
    parts = [part.strip() for part in value[:_LONGEST_SHOWN].split(",")]
    nearest = [(get_close_matches(part.lower(), key.choices(), 1) or [part])[0] for part in parts]
    return ", ".join(filter(None, nearest))


def _meant_instead(value: str, key: Key) -> str:
    """Say what to write for a text where a block or a number belongs."""
    if (found := _NO_SPACE.match(value)) and found[1] in key.children:
        return f"; a space is missing after `{found[1]}:`"
    if key.holds in (int, float) and (number := plain_number(value, key.path[-1])) and number != value:
        return f"; write {number}"
    return ""


def _only_text_in(values: dict[Any, Any]) -> str:
    texts = [value for value in values.values() if isinstance(value, str)]
    return texts[0] if len(values) == len(texts) == 1 and len(texts[0]) <= _LONGEST_SHOWN else ""
