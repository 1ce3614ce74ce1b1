"""Make example requests of the types that an SDK declares: one for each place where a string may stand.

Every example is as small as its type allows and differs from the others in one string, which is planted. So a
place that a later version of an SDK knows, and a dialect does not, shows up by itself.
"""

import collections.abc
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, get_args, get_origin

import pydantic
import typing_extensions

_WRAPPERS = (typing_extensions.Required, typing_extensions.NotRequired, typing.Annotated)
_LISTS = (list, set, collections.abc.Iterable, collections.abc.Sequence)
_MAPPINGS = (dict, collections.abc.Mapping)
_SIMPLE: dict[Any, Any] = {int: 1, float: 1.0, bool: True, str: "x", bytes: "x", type(None): None}


@dataclass(frozen=True)
class Planted:
    """A value with one string in it that the test chose."""

    value: Any
    owner: str  # the type that has the key
    key: str  # at which the string stands


def planted(declared: Any, strings: dict[str, str]) -> Iterator[Planted]:
    """Yield examples of a type; `strings` names the keys of interest, and what to put there."""
    yield from _planted(declared, strings, Planted(None, "", ""), ())


def _planted(declared: Any, strings: dict[str, str], at: Planted, above: tuple) -> Iterator[Planted]:
    declared = _unwrapped(declared)
    inner, around = _inside(declared)
    for choice in inner:
        for found in _planted(choice, strings, at, above):
            yield replace(found, value=around(found.value))
    if declared in (str, bytes) and at.key in strings:
        yield replace(at, value=strings[at.key])
    elif not inner and declared not in above:
        yield from _planted_in_members(declared, strings, above)


def _inside(declared: Any) -> tuple[tuple, Callable[[Any], Any]]:
    """Return the types of what is in a union, list or mapping, and how to wrap one of them."""
    origin, inner = get_origin(declared), get_args(declared)
    if origin in (typing.Union, types.UnionType):
        return inner, lambda value: value
    if origin in _LISTS:
        return inner[:1], lambda value: [value]
    if origin in _MAPPINGS:
        return inner[1:], lambda value: {"name": value}
    return (), lambda value: value


def _planted_in_members(declared: Any, strings: dict[str, str], above: tuple) -> Iterator[Planted]:
    whole = smallest(declared)
    for name, member in _members(declared).items():
        for found in _planted(member, strings, Planted(None, declared.__name__, name), (*above, declared)):
            yield replace(found, value=whole | {name: found.value})


def smallest(declared: Any) -> Any:
    """Return an example with nothing in it that may be left out."""
    declared = _unwrapped(declared)
    origin, inner = get_origin(declared), get_args(declared)
    if origin is typing.Literal:
        return inner[0]
    if origin in (typing.Union, types.UnionType):
        return smallest(inner[0])
    if origin in _LISTS:
        return []
    if typing_extensions.is_typeddict(declared):
        return {name: smallest(member) for name, member in _required(declared).items()}
    return _SIMPLE.get(declared, {})


def _unwrapped(declared: Any) -> Any:
    while True:
        if type(declared).__name__ == "TypeAliasType":
            declared = declared.__value__
        elif get_origin(declared) in _WRAPPERS:
            declared = get_args(declared)[0]
        else:
            return declared


def _required(declared: Any) -> dict[str, Any]:
    """Return what must be there; `__required_keys__` is blind where annotations are strings."""
    members = typing.get_type_hints(declared, include_extras=True)
    return {
        name: member
        for name, member in members.items()
        if get_origin(member) is typing_extensions.Required
        or (name in declared.__required_keys__ and get_origin(member) is not typing_extensions.NotRequired)
    }


def _members(declared: Any) -> dict[str, Any]:
    if typing_extensions.is_typeddict(declared):
        return typing.get_type_hints(declared)
    if isinstance(declared, type) and issubclass(declared, pydantic.BaseModel):
        return {field.alias or name: field.annotation for name, field in declared.model_fields.items()}
    return {}
