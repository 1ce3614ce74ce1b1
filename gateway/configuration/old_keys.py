"""Keys that had other names: read as what they are called today, with a warning."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gateway.configuration.keys import Where
from gateway.configuration.problems import Place, Problem

OLD_KEYS: Mapping[tuple[str, str], str] = {
    ("compression", "enabled"): "mode",
    ("limits", "workers"): "image_threads",
}
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def rename_old_keys(
    values: dict[str, Any], places: Mapping[Where, Place] = MappingProxyType({})
) -> list[tuple[Where, Problem]]:
    """Rename in place; return what to tell of it.

    Args:
        values: Of the settings.
        places: Where they stand.
    """
    found: list[tuple[Where, Problem]] = []
    for where, new in OLD_KEYS.items():
        section = values.get(where[0])
        if isinstance(section, dict) and where[1] in section:
            found.append((where, _rename(section, where, new, places.get((where[0], new)))))
    return found


def _rename(section: dict[str, Any], where: tuple[str, str], new: str, other: Place | None) -> Problem:
    name, target = ".".join(where), f"{where[0]}.{new}"
    value = section.pop(where[1])
    if new in section:
        message = f"is the old name of {target}, which stands at {other or 'the same place'}; leave it out"
        return Problem("error", message, name)
    section[new] = value = _translate(where, value)
    return Problem("warning", f"is called {target} today; write `{new}: {value}`", name)


def _translate(where: tuple[str, str], value: Any) -> Any:
    if where != ("compression", "enabled"):
        return value
    text = str(value).lower()
    return "on" if text in _TRUE else "off" if text in _FALSE else value
