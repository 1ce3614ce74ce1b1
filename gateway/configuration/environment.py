"""Read the settings that stand in the environment: `JND_`, then the key, with two underscores for each dot.

A variable that begins so and means no key is refused: a misspelt address would else send the callers' keys
to the default one. Those that the file refers to by ${NAME} are left alone, and those that Kubernetes makes
up for a service named `jnd`.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from gateway.configuration.keys import Key, Kind, Where
from gateway.configuration.problems import Place, Problem

PREFIX = "JND_"
_OF_KUBERNETES = re.compile(r"JND(_\w+)?_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)")
_EXAMPLES: Mapping[Kind, str] = {
    "list": '["one", "another"]',
    "sections": '[{"name": "..."}]',
    "map": '{"name": "value"}',
    "named sections": '{"name": {"key": "value"}}',
    "section": '{"key": "value"}',
}


@dataclass(frozen=True)
class Variables:
    """What the environment says."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[Where, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_variables(
    environment: Mapping[str, str],
    root: Key,
    old_keys: Collection[Where],
    *,
    referred_to: Collection[str] = (),
) -> Variables:
    """Read every variable that begins with `JND_`; an empty one counts as absent.

    Args:
        environment: Names and texts.
        root: Of the keys.
        old_keys: Places that are understood besides.
        referred_to: Names that the file uses as ${NAME}: they need not mean a key of the settings.
    """
    found = Variables()
    for name, text in sorted(environment.items(), key=lambda item: item[0].count("__")):
        if name.upper().startswith(PREFIX) and text.strip() and not _is_of_kubernetes(name, text):
            _read(name, text, root, old_keys, found, referred_to)
    return found


def variable_of(path: Where) -> str:
    """Return the name of the variable that sets a key."""
    return PREFIX + "__".join(map(str, path)).upper()


def _read(  # noqa: PLR0917 - one caller, just above
    name: str,
    text: str,
    root: Key,
    old_keys: Collection[Where],
    found: Variables,
    referred_to: Collection[str],
) -> None:
    path = tuple(name[len(PREFIX) :].lower().split("__"))
    key = root
    for step in path:
        if key.kind != "section" or step not in key.children:
            break
        key = key.children[step]
    if key.path != path and path not in old_keys:
        if name in referred_to:
            return
        message = _why_unknown(name, root, key)
        found.problems.append(Problem("error", message, "", Place(name)))
        return
    is_text = key.kind == "value" or path in old_keys
    value = text.strip() if is_text else _read_json(name, text, key, found)
    if value is not None:
        _mark(found.places, path, value, Place(name))
        _put(found.values, path, value)


def _read_json(name: str, text: str, key: Key, found: Variables) -> Any:
    wanted = list if key.kind in ("list", "sections") else dict
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, wanted):
        return value
    form = f"expected JSON, such as {name}='{_example(key)}'"
    found.problems.append(Problem("error", form, key.dotted, Place(name)))
    return None


def _example(key: Key) -> str:
    if key.choices():
        return json.dumps(key.choices())
    return "[80, 443]" if key.kind == "list" and key.holds is int else _EXAMPLES[key.kind]


def _mark(places: dict[Where, Place], path: Where, value: Any, place: Place) -> None:
    """Remember where a value and all below it come from; a map leaves room for others of the file."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            _mark(places, (*path, str(key)), below, place)
    else:
        places[path] = place


def _put(values: dict[str, Any], path: Where, value: Any) -> None:
    for step in path[:-1]:
        below = values.setdefault(str(step), {})
        if not isinstance(below, dict):
            return
        values = below
    last = str(path[-1])
    if isinstance(value, dict) and isinstance(values.get(last), dict):
        value = value | values[last]
    values[last] = value


def _why_unknown(name: str, root: Key, reached: Key) -> str:
    if reached.kind not in ("section", "value"):
        whole = variable_of(reached.path)
        return f"means no key; {reached.dotted} is given whole, as JSON: {whole}='{_example(reached)}'"
    known = {variable_of(key.path): key for key in root.walk() if key.path and _is_reachable(key, root)}
    words = {re.sub("_+", "_", variable): variable for variable in known}
    spelt = re.sub("_+", "_", name.upper().replace("-", "_"))
    near = get_close_matches(spelt, words, 1, 0.75)
    if not near:
        return (
            "means no key of the settings; `jnd-gateway serve --help` lists them, other names begin otherwise"
        )
    return f"means no key of the settings; did you mean {words[near[0]]}? (two underscores for each dot)"


def _is_reachable(key: Key, root: Key) -> bool:
    """Tell whether a variable of its own can set this key: it lies in no list and no map."""
    for step in key.path:
        if root.kind != "section":
            return False
        root = root.children[step]
    return True


def _is_of_kubernetes(name: str, text: str) -> bool:
    is_address = (
        "__" not in name
        and name.upper().endswith("_PORT")
        and re.match(r"(tcp|udp|sctp)://", text) is not None
    )
    return is_address or _OF_KUBERNETES.fullmatch(name.upper()) is not None
