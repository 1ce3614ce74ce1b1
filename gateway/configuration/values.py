"""What is done to values between reading and checking them: references, layers, empty blocks, wrong parts."""

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gateway.configuration.keys import Key, Where, key_at

_DEFAULT = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*:?[-=?+].*\}", re.DOTALL)
_BARE = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def reference_in(value: Any) -> str | None:
    """Return the name of the variable that a value `${NAME}` stands for."""
    found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else None


def why_no_reference(text: str) -> str:
    """Say what is wrong with a text that is meant as a reference and is none; empty for any other text."""
    if _DEFAULT.fullmatch(text):
        return "defaults as in ${NAME:-...} are not supported; write ${NAME}, and set the variable"
    if _BARE.fullmatch(text):
        return f"a variable is written with braces: ${{{text[1:]}}}"
    if _REFERENCE.search(text):
        return "${NAME} has to be the whole value, nothing before it or after"
    return ""


def references_in(values: Any) -> Iterator[str]:
    """List the names of all variables that values below stand for."""
    if isinstance(values, dict | list):
        for value in values.values() if isinstance(values, dict) else values:
            yield from references_in(value)
    elif (name := reference_in(values)) is not None:
        yield name


def resolve(values: Any, environment: Mapping[str, str], tell: Callable[[Where, str], None]) -> Any:
    """Put in what `${NAME}` stands for; `tell` hears why one could not be."""

    def put_in(value: Any, where: Where) -> Any:
        if isinstance(value, dict):
            return {key: put_in(below, (*where, key)) for key, below in value.items()}
        if isinstance(value, list):
            return [put_in(below, (*where, index)) for index, below in enumerate(value)]
        name = reference_in(value)
        if name is None:
            if isinstance(value, str) and (message := why_no_reference(value)):
                tell(where, message)
            return value
        found = environment.get(name, "").strip()
        if not found:
            tell(where, f"the environment variable {name} is not set")
        return found or None

    return put_in(values, ())


def merge(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one set of values over another, key by key; lists are replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def without_empty_blocks(values: Any, root: Key) -> Any:
    """Leave out sections, lists and maps after whose colon nothing stands: they mean their defaults."""

    def clean(value: Any, where: Where) -> Any:
        if isinstance(value, list):
            return [clean(below, (*where, index)) for index, below in enumerate(value)]
        if not isinstance(value, dict):
            return value
        kept = {key: below for key, below in value.items() if not _is_empty_block(below, (*where, key), root)}
        return {key: clean(below, (*where, key)) for key, below in kept.items()}

    return clean(values, ())


def without(values: dict[str, Any], places: Iterable[Where]) -> dict[str, Any]:
    """Return a copy without what stands at these places."""
    left = copy.deepcopy(values)
    for where in sorted(places, key=len, reverse=True):
        parent = at(left, where[:-1])
        if isinstance(parent, dict):
            parent.pop(where[-1], None)
        elif isinstance(parent, list):
            parent[int(where[-1])] = None
    return dict(_without_holes(left))


def at(values: Any, where: Where) -> Any:
    """Return what stands at a place; None where nothing does."""
    for step in where:
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            return None
    return values


def _is_empty_block(value: Any, where: Where, root: Key) -> bool:
    if value is not None:
        return False
    key, rest = key_at(root, where)
    return key is not None and key.is_block and not rest


def _without_holes(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_holes(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_without_holes(below) for below in value if below is not None]
    return value
