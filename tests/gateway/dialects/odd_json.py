"""Write JSON as no serialiser would, but every tolerant reader takes it.

Keys may come twice, white space and escapes stand wherever they may, and words that are no JSON (NaN) or no
Unicode (half a surrogate pair) are in it.
"""

import json
from random import Random
from typing import Any

_BLANKS = ("", "", "", " ", "\n", "\t", "\r\n  ")


class Pairs(list[tuple[str, Any]]):
    """An object that may hold a key twice."""


class Raw(str):
    """A value as it stands in the body."""

    __slots__ = ()


def written(value: Any, random: Random) -> bytes:
    """Return a body."""
    return (_blank(random) + _value(value, random) + _blank(random)).encode("utf-8", "surrogatepass")


def _value(value: Any, random: Random) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Pairs):
        members = (
            f"{_string(key, random)}{_blank(random)}:{_blank(random)}{_value(each, random)}"
            for key, each in value
        )
        return "{" + _listed(members, random) + "}"
    if isinstance(value, list):
        return "[" + _listed((_value(each, random) for each in value), random) + "]"
    return _string(value, random) if isinstance(value, str) else json.dumps(value)


def _listed(members: Any, random: Random) -> str:
    return ",".join(f"{_blank(random)}{member}{_blank(random)}" for member in members)


def _blank(random: Random) -> str:
    return random.choice(_BLANKS)


def _string(text: str, random: Random) -> str:
    """Spell a string: mostly plainly, else with escapes that nobody needs."""
    plain = json.dumps(text, ensure_ascii=random.random() < 0.3)
    way = random.random()
    if way < 0.7 or not text:
        return plain
    if way < 0.8:
        return plain.replace("/", "\\/")
    spelt = [json.dumps(each, ensure_ascii=False)[1:-1] for each in text]
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(text))
        if ord(text[at]) < 0x10000:
            spelt[at] = f"\\u{ord(text[at]):04{random.choice('xX')}}"
    return '"' + "".join(spelt) + '"'
