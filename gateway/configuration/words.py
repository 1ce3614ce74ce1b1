"""Say in plain words what a check of types found: the key, what was expected, what came; never a secret."""

from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gateway.configuration.keys import Key, Where, key_at, lowered, suggest

_LONGEST_SHOWN = 60  # characters of a value in a message


def explain(error: ValidationError, root: Key) -> list[tuple[Where, str]]:
    """Return each mistake's place and sentence, one for each place."""
    found: dict[Where, str] = {}
    for detail in error.errors(include_url=False):
        where = tuple(step for step in detail["loc"] if step != "[key]")
        found.setdefault(where, _sentence(detail, where, root))
    return list(found.items())


def _sentence(detail: ErrorDetails, where: Where, root: Key) -> str:
    if detail["type"] == "extra_forbidden":
        return ", ".join(filter(None, ("unknown key", suggest(root, where)))).replace(", did", "; did", 1)
    key, rest = key_at(root, where)
    if key is None:
        return "cannot be used"
    if detail["type"] == "missing":
        meaning = (key.spec.description or "") if key.spec else ""
        return f"is missing: {lowered(meaning)}"
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    expected = _expected(key, rest)
    return f"expected {expected}, got {_shown(detail['input'], key)}{_meant(detail['input'], key)}"


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


def _meant(value: Any, key: Key) -> str:
    near = get_close_matches(str(value).lower(), key.choices(), 1) if isinstance(value, str) else []
    return f"; did you mean {near[0]}?" if near else ""
