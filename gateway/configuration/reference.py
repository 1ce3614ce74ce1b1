"""List every key with its default, its meaning and the reason of its default, for `--help`."""

from typing import Any

from pydantic import SecretStr

from gateway.configuration.keys import Key, lowered, tree_of
from gateway.settings import Settings, Upstream

_FORMS = {
    "section": "",
    "sections": ", a list of entries that begin with `- name: ...`",
    "named sections": ", names with keys below each",
}
_MARKS = {"section": ".", "sections": "[].", "named sections": ".NAME."}


def settings_reference() -> str:
    """Return one line of a list per key, in the order of the declarations, below the heading of its block."""
    children = tree_of(Settings).children.values()
    plain = [key for key in children if key.kind in ("value", "list", "map")]
    parts = ["**The settings**: key (default): meaning. *Why the default is what it is.*"]
    parts.append("\n".join(_entry(key, key.dotted) for key in plain))
    for block in children:
        if block not in plain:
            keys = [
                key for key in block.children.values() if key.path[-1] in vars(block.holds)["__annotations__"]
            ]
            parts.append(_heading(block))
            start = f"{block.dotted}{_MARKS[block.kind]}"
            parts.append("\n".join(line for key in keys for line in _lines(key, start + key.path[-1])))
    return "\n\n".join(parts)


def _heading(block: Key) -> str:
    inherited = (
        "; every key of `upstream` as well"
        if issubclass(block.holds, Upstream) and block.kind == "sections"
        else ""
    )
    meaning = (block.spec.description or "") if block.spec else ""
    return f"**{block.dotted}**{_FORMS[block.kind]}: {lowered(meaning).rstrip('.')}{inherited}."


def _lines(key: Key, name: str) -> list[str]:
    """Return the line of a key, or of each key of a section within a section."""
    if key.kind != "section":
        return [_entry(key, name)]
    return [line for child in key.children.values() for line in _lines(child, f"{name}.{child.path[-1]}")]


def _entry(key: Key, name: str) -> str:
    spec = key.spec
    if spec is None or spec.is_required():
        return f"- {name} (required): {spec.description if spec else ''}"
    extra = spec.json_schema_extra
    why = str(extra.get("why")) if isinstance(extra, dict) else ""
    default = shown(spec.get_default(call_default_factory=True))
    return f"- {name} ({default}): {spec.description} *Why: {why}.*"


def shown(value: Any) -> str:
    """Write a value as a line of YAML would, never a secret."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, SecretStr):
        return "a secret"
    if isinstance(value, frozenset | tuple):
        return "[" + ", ".join(map(str, sorted(value) if isinstance(value, frozenset) else value)) + "]"
    if isinstance(value, dict) or value == "":
        return "empty"
    return f"{value:g}" if isinstance(value, float) else str(value)
