"""Replace stretches of a raw body without touching any other byte.

The body is never re-serialised: whitespace, key order, escapes and unknown fields arrive as the caller
wrote them.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Replacement:
    """What to put in the place of some bytes; the body must stay JSON with it."""

    start: int
    end: int
    value: bytes


def splice(body: bytes, replacements: Iterable[Replacement]) -> bytes:
    """Return the body with these stretches replaced.

    Raises:
        ValueError: They overlap.
    """
    view = memoryview(body)
    parts: list[bytes | memoryview] = []
    position = 0
    for replacement in sorted(replacements, key=lambda each: each.start):
        if replacement.start < position:
            raise ValueError(f"replacements overlap at byte {replacement.start}")
        parts += [view[position : replacement.start], replacement.value]
        position = replacement.end
    return b"".join([*parts, view[position:]])
