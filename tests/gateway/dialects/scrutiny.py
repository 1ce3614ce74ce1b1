"""What must be true of any body a dialect looks into, however it was made: complaints where it is not.

No picture is missed in silence, a picture that can be read is the one that was sent, and after others are
put in place nothing of the body differs but they and their types.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from gateway.dialects.protocol import Dialect, Slot
from gateway.dialects.reading.data_url import NotInlineError
from gateway.dialects.reading.document import Object, read_document
from gateway.dialects.reading.splice import Replacement, splice
from gateway.dialects.reading.strays import find_strays
from tests.gateway.dialects.grown_bodies import Grown

ALL_TYPES = ("image/png", "image/jpeg", "image/webp")
NEW_TYPE, NEW = "image/webp", b"RIFF\x10\0\0\0WEBPVP8 another"
_TYPE = re.compile(r"\s*(image|application|text)/[a-z-]+\s*|", re.IGNORECASE)


def complaints(dialect: Dialect, grown: Grown) -> Iterator[str]:
    """Yield what is wrong about one body."""
    document = read_document(grown.body, max_values=100_000)
    slots = list(dialect.slots(document))
    yield from _missed(dialect, document, slots, grown)
    changes: list[Replacement] = []
    for slot in slots:
        picture = _read(slot)
        expected = [grown.planted.get(text.text()) for text in slot.source.texts]
        if picture is not None and picture not in expected:
            yield f"{slot.where} reads as another picture than was sent"
        if picture is not None:
            changes += slot.source.write(NEW_TYPE, NEW)
    yield from differences(grown, splice(grown.body, changes))


def _missed(dialect: Dialect, document: Object, slots: Sequence[Slot], grown: Grown) -> Iterator[str]:
    known = [text for slot in slots for text in slot.source.texts]
    noticed = {text.text() for text in known}
    outside = [text for text in grown.planted if text not in noticed]
    told = sum(each.count for each in find_strays(document, known, dialect))
    if told < len(outside):
        yield f"{len(outside)} pictures lie outside of slots, {told} strays are told: {outside}"


def _read(slot: Slot) -> bytes | None:
    try:
        return slot.source.read().data
    except NotInlineError:
        return None


def differences(grown: Grown, changed: bytes) -> Iterator[str]:
    """Compare the values of both bodies; a picture may have become another one, and its type that one's."""
    before, after = (list(_leaves(_parsed(body))) for body in (grown.body, changed))
    if len(before) != len(after):
        yield f"{len(before)} values became {len(after)}"
    for old, new in zip(before, after, strict=False):
        is_type = isinstance(old, str) and _TYPE.fullmatch(old) and new in ALL_TYPES
        if old != new and old not in grown.planted and not is_type:
            yield f"{old!r} became {new!r}"


def _parsed(body: bytes) -> Any:
    return json.JSONDecoder(strict=False, object_pairs_hook=tuple, parse_constant=str).decode(
        body.decode("utf-8", "surrogatepass").strip()
    )


def _leaves(value: Any) -> Iterator[Any]:
    """Yield keys and values in their order; keys that come twice come twice."""
    if isinstance(value, (tuple, list)):
        yield type(value)
        for each in value:
            yield from _leaves(each)
    else:
        yield value
