"""The keys of the settings as a tree: their dotted names, what each is expected to hold, which one was meant.

Read off the declarations; whoever explains a mistake or lists the keys asks here.
"""

import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

Kind = Literal["value", "section", "list", "sections", "map", "named sections"]
Step = str | int
Where = tuple[Step, ...]

_BLOCKS: Mapping[Kind, str] = {
    "section": "keys and values below it",
    "sections": "a list, each entry with its keys: `- name: ...`",
    "map": "names and values below it: `name: value`",
    "named sections": "names with keys below each",
}


_LISTS: Mapping[type, str] = {str: "one, another", int: "80, 443"}


@dataclass(frozen=True, eq=False)
class Key:
    """One key, or a group of them."""

    path: tuple[str, ...]
    kind: Kind
    holds: Any = None  # the type of the value, or of an entry of the list
    spec: FieldInfo | None = None  # None: the root
    children: Mapping[str, "Key"] = field(default_factory=dict)

    @property
    def dotted(self) -> str:
        """The name as messages write it."""
        return ".".join(self.path)

    @property
    def is_secret(self) -> bool:
        """Whether its value must never be shown."""
        return self.holds is SecretStr

    @property
    def is_block(self) -> bool:
        """Whether nothing after the colon means an empty one."""
        return self.kind != "value"

    def expected(self) -> str:
        """Say in plain words what may stand here."""
        if self.kind == "list":
            return f"a list such as [{', '.join(self.choices()) or _LISTS[self.holds]}]"
        return _BLOCKS.get(self.kind) or _plain(self.holds, self.spec.metadata if self.spec else ())

    def choices(self) -> tuple[str, ...]:
        """List the words that may stand here; empty where any may."""
        return get_args(self.holds) if get_origin(self.holds) is Literal else ()

    def walk(self) -> Iterator["Key"]:
        """Visit this key and everything below it, in the order of the declarations."""
        yield self
        for child in self.children.values():
            yield from child.walk()


@cache
def tree_of(model: type[BaseModel]) -> Key:
    """Return the root of a configuration's keys."""
    return Key((), "section", children=_children(model, ()))


def key_at(root: Key, where: Sequence[Step]) -> tuple[Key | None, Where]:
    """Follow a place in the values down to its key; beside it, the steps that led into lists and maps.

    The key is None where nothing of that name is declared.
    """
    key, index = root, 0
    while index < len(where):
        step = where[index]
        if key.kind in ("list", "map", "value"):
            return key, tuple(where[index:])
        if key.kind in ("sections", "named sections"):
            index += 1
            if index == len(where):
                return key, (step,)
            step = where[index]
        if str(step) not in key.children:
            return None, ()
        key, index = key.children[str(step)], index + 1
    return key, ()


def suggest(root: Key, where: Where, value: Any = None) -> str:
    """Return what was probably meant by an unknown key with this value; empty where nothing comes near."""
    parent, _ = key_at(root, where[:-1])
    here = parent.children if parent else {}
    name = str(where[-1]).strip().lower().replace("-", "_")
    if nested := _nested(parent or root, name):
        return f"write {nested}"
    others = [key for key in root.walk() if key.path and (parent is None or key.path[:-1] != parent.path)]
    groups = (
        get_close_matches(name, here, 1, 0.85),
        _spelt_elsewhere(others, lambda last: last == name, value),
        get_close_matches(name, here, 1),
        _spelt_elsewhere(others, lambda last: bool(get_close_matches(name, [last], 1, 0.85)), value),
    )
    found = next(filter(None, groups), None)
    if found:
        return f"did you mean {' or '.join(found[:3])}?"
    return f"the keys here are {', '.join(here)}" if here else ""


def _spelt_elsewhere(keys: Sequence[Key], is_meant: Callable[[str], bool], value: Any) -> list[str]:
    """Return the dotted names whose last part fits; only those that may have this value, where some may."""
    fitting = [key for key in keys if is_meant(key.path[-1])]
    by_value = [key for key in fitting if value in key.choices()]
    return [key.dotted for key in by_value or fitting]


def _nested(parent: Key, name: str) -> str:
    """Write a dotted name as YAML has it; empty for what is none of a key."""
    steps = name.split(".")
    if steps[: len(parent.path)] == list(parent.path):
        steps = steps[len(parent.path) :]
    key: Key | None = parent
    for step in steps:
        key = key.children.get(step) if key and key.kind == "section" else None
    if key is None or "." not in name:
        return ""
    *above, last = steps
    if not above:
        return f"{last} alone"
    return f"`{': '.join(above)}:` and, on a line of its own below it, `{last}: ...`"


def spell(where: Sequence[Step]) -> str:
    """Write a place as messages name it: `upstreams[0].base_url`."""
    text = ""
    for step in where:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def lowered(sentence: str) -> str:
    """Begin a sentence small, to stand behind a colon; names such as OpenTelemetry keep their letters."""
    first = sentence.partition(" ")[0]
    return sentence if first[1:].lower() != first[1:] else sentence[:1].lower() + sentence[1:]


def _children(model: type[BaseModel], path: tuple[str, ...]) -> dict[str, Key]:
    return {name: _key(spec, (*path, name)) for name, spec in model.model_fields.items()}


def _key(spec: FieldInfo, path: tuple[str, ...]) -> Key:
    held = _bare(spec.annotation)
    arguments = [_bare(argument) for argument in get_args(held) if argument is not Ellipsis]
    if get_origin(held) in (tuple, frozenset):
        return _repeated("sections", "list", arguments[0], spec, path)
    if get_origin(held) is dict:
        return _repeated("named sections", "map", arguments[1], spec, path)
    if _is_section(held):
        return Key(path, "section", held, spec, _children(held, path))
    return Key(path, "value", held, spec)


def _repeated(of_sections: Kind, plain: Kind, held: Any, spec: FieldInfo, path: tuple[str, ...]) -> Key:
    if _is_section(held):
        return Key(path, of_sections, held, spec, _children(held, path))
    return Key(path, plain, held, spec)


def _bare(annotation: Any) -> Any:
    """Strip what pydantic adds and `| None`."""
    while get_origin(annotation) in (Annotated, Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        annotation = parts[0]
    return annotation


def _is_section(held: Any) -> bool:
    return isinstance(held, type) and issubclass(held, BaseModel)


def _plain(held: Any, limits: Sequence[Any]) -> str:
    if get_origin(held) is Literal:
        *others, last = map(str, get_args(held))
        return f"{', '.join(others)} or {last}"
    words = {bool: "true or false", str: "text", Path: "a path", SecretStr: "a key"}
    if held in words:
        return words[held]
    return ("a whole number" if held is int else "a number") + _range(limits)


def _range(limits: Sequence[Any]) -> str:
    low = next((f"from {limit.ge:g}" for limit in limits if isinstance(limit, Ge)), "")
    low = low or next((f"above {limit.gt:g}" for limit in limits if isinstance(limit, Gt)), "")
    high = next((f"to {limit.le:g}" for limit in limits if isinstance(limit, Le)), "")
    high = high or next((f"and below {limit.lt:g}" for limit in limits if isinstance(limit, Lt)), "")
    if low.startswith("from") and not high:
        return f", {low.removeprefix('from ')} or more"
    return " " + " ".join(filter(None, (low, high))) if low or high else ""
