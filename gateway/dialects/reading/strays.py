"""Find what looks like an image where the dialect knows of none, so that no picture is missed in silence."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

from gateway.dialects.reading.document import Object, Text
from gateway.dialects.reading.glance import NAMING_KEYS, SPELLED, Signs
from gateway.dialects.reading.json_table import OPEN_ARRAY, OPEN_OBJECT, Table

IN_TEXT, UNKNOWN_PLACE = "image_in_text", "unknown_place"

_SIGNS = Signs()
_URI_KEYS = frozenset({b"file_uri", b"fileuri"})
_TYPE_KEYS = frozenset({b"mime_type", b"mimetype"})
_WITHOUT_PICTURES = re.compile(rb"\s*(?:audio|text)/", re.IGNORECASE)
_MOST_NEIGHBOURS = 16  # members of an object that are asked what its file is
_INNER_KEYS = frozenset({b"url", b"uri", b"id", b"file_id"})  # of objects under keys that name pictures
_LONGEST_MATCH = 160  # bytes of what the expressions below match
_STEP_BYTES = 64  # signs nearer than this to one that was looked at were looked at with it
_DATA_URL = re.compile(rb"data:image/[a-z0-9.+-]{1,40}[^,\"]{0,80},(?:[a-z0-9+/_-]{4}|<svg|%)", re.IGNORECASE)
_BASE64 = re.compile(
    rb"(?:iVBORw0KGgo|(?<![A-Za-z0-9+/_-])[/_]9j[/_][2-7w-z/_]|R0lGOD|UklGR.{6}XRUJQ|SUkqA|TU0AK|GZ0eXB(?!NNE[EI])|DEpYTCAN"
    rb"|JVBERi0|\"Qk[0-3].{5}AAAA)[A-Za-z0-9+/_-]{12}",
)
# The same, its opening on several lines; as words on lines could be taken for that, more must follow.
_BROKEN = re.compile(
    rb"(?:%s|(?<![A-Za-z0-9+/_-])[/_]\n*9\n*j\n*[/_]\n*[2-7w-z/_]|%s|%s(?:\n*.){6}\n*%s|%s|%s"
    rb"|%s(?!\n*N\n*N\n*E\n*[EI])|%s|%s)"
    rb"(?:\n*[A-Za-z0-9+/_-]){24}"
    % tuple(
        rb"\n*".join(bytes([letter]) for letter in opening)
        for opening in (
            *(b"iVBORw0KGgo", b"R0lGOD", b"UklGR", b"XRUJQ", b"SUkqA"),
            *(b"TU0AK", b"GZ0eXB", b"DEpYTCAN", b"JVBERi0"),
        )
    )
)
_LONGEST_ESCAPE = len(b"\\u0000")
_ENDS_IN_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|[nrtfb])\Z")
_LINE_BREAKS = (b"\\n", b"\\r", b"\r")


@dataclass(frozen=True)
class Strays:
    """What looks like an image and lies outside every slot, of one class."""

    reason: str  # IN_TEXT or UNKNOWN_PLACE
    count: int  # strings
    where: str  # readable path of the first


class Places(Protocol):
    """What of a dialect tells text from places unknown."""

    @property
    def text_keys(self) -> frozenset[str]:
        """Keys whose strings are text for the model."""
        ...

    @property
    def json_keys(self) -> frozenset[str]:
        """Keys whose whole values are text for the model."""
        ...


def find_strays(document: Object, known: Iterable[Text], places: Places) -> list[Strays]:
    """Return what strings look like an image and are none of the known ones, summed up by reason."""
    search = _Search(document.table, {text.start: text.end for text in known}, places)
    found: dict[str, Strays] = {}
    for entry in search.found():
        reason = search.reason(entry)
        known_of = found.get(reason)
        if known_of is None:
            found[reason] = Strays(reason, 1, search.where(entry))
        else:
            found[reason] = replace(known_of, count=known_of.count + 1)
    return list(found.values())


class _Search:
    """One look at everything outside the known strings of a body."""

    def __init__(self, table: Table, known: Mapping[int, int], places: Places) -> None:
        self.table = table
        self.known = known
        self.places = places
        self.reasons: dict[int, str] = {}  # of the elements of an array, which are told apart by nothing

    def found(self) -> Iterable[int]:
        """Return the entries of strings that look like an image, in order."""
        found: dict[int, None] = {}
        unescaped: set[int] = set()
        last_entry, next_place = -1, 0
        for place in self.signs():
            entry = bisect_right(self.table.starts, place) - 1
            if entry in found or entry in unescaped:
                continue
            is_spelled = _is_spelled(self.table.body, place)
            if entry == last_entry and place < next_place and not is_spelled:
                continue
            last_entry, next_place = entry, place + _STEP_BYTES
            if is_spelled:
                unescaped.add(entry)
                found |= dict.fromkeys(self.in_unescaped(entry))
            else:
                found |= dict.fromkeys(self.at(entry, place))
        return found

    def signs(self) -> Iterator[int]:
        """Yield where signs are, known strings left out."""
        position = 0
        for start in sorted(self.known):
            yield from _SIGNS.places(self.table.body, position, start)
            position = self.known[start]
        yield from _SIGNS.places(self.table.body, position, len(self.table.body))

    def at(self, entry: int, place: int) -> Sequence[int]:
        """Look at one sign."""
        if not self.table.is_string(entry) or place >= self.table.ends[entry]:
            return ()
        if _shows_image(self.table.body, place, self.table.ends[entry]):
            return (entry,)
        return self.named(entry) if place == self.table.starts[entry] else ()

    def in_unescaped(self, entry: int) -> Sequence[int]:
        """Look at a string whose escapes may spell anything."""
        if not self.table.is_string(entry):
            return ()
        value = b'"%s"' % self.table.text(entry).value()
        if any(_shows_image(value, place, len(value)) for place in _SIGNS.places(value, 0, len(value))):
            return (entry,)
        return self.named(entry)

    def named(self, entry: int) -> Sequence[int]:
        """Return the first string that names something under a key that names pictures or files."""
        length = self.table.ends[entry] - self.table.starts[entry]
        if length > _LONGEST_MATCH or not self.table.is_key(entry):
            return ()
        key = self.table.text(entry).value().lower()
        if key not in NAMING_KEYS or (key in _URI_KEYS and self.is_without_pictures(entry)):
            return ()
        for name in self.names_at(entry + 1):
            is_known = self.table.starts[name] in self.known
            is_empty = self.table.ends[name] - self.table.starts[name] <= len('""')
            # What a tool is told, or tells, of files by name is words: the model sees no file.
            if not is_known and not is_empty and self.reason(name) != IN_TEXT:
                return (name,)
        return ()

    def is_without_pictures(self, entry: int) -> bool:
        """Tell whether the object around says that its file is a sound or a text, and nothing else."""
        around = list(islice(self.table.within(self.table.parents[entry]), 2 * _MOST_NEIGHBOURS + 1))
        types = [
            self.table.text(key + 1).head(_LONGEST_MATCH)
            for key in around[::2]
            if self.table.text(key).head(_LONGEST_MATCH).lower() in _TYPE_KEYS
            and self.table.is_string(key + 1)
        ]
        is_whole = len(around) <= 2 * _MOST_NEIGHBOURS
        return is_whole and bool(types) and all(_WITHOUT_PICTURES.match(each) for each in types)

    def names_at(self, value: int) -> Iterator[int]:
        """Yield the strings of a value: itself, elements of a list, what objects name things by."""
        if self.table.is_string(value):
            yield value
        elif self.table.kind(value) == OPEN_ARRAY:
            for element in self.table.within(value):
                if self.table.kind(element) != OPEN_ARRAY:
                    yield from self.names_at(element)
        elif self.table.kind(value) == OPEN_OBJECT:
            for key in self.table.within(value):
                if self.table.is_key(key) and self.table.is_string(key + 1) and self.is_name(key):
                    yield key + 1

    def is_name(self, key: int) -> bool:
        """Tell keys of addresses and ids."""
        return self.table.ends[key] - self.table.starts[key] <= _LONGEST_MATCH and (
            self.table.text(key).value().lower() in _INNER_KEYS
        )

    def where(self, entry: int) -> str:
        """Return the path of a string, or of the object whose key it is."""
        return self.table.path(self.table.parents[entry] if self.table.is_key(entry) else entry)

    def reason(self, entry: int) -> str:
        """Tell text from places nobody knows."""
        parent = self.table.parents[entry]
        if self.table.kind(parent) != OPEN_ARRAY:
            return self.reason_alone(entry)
        if parent not in self.reasons:
            self.reasons[parent] = self.reason_alone(entry)
        return self.reasons[parent]

    def reason_alone(self, entry: int) -> str:
        """Do the same for a string of which nothing is known."""
        is_key = self.table.is_key(entry)
        keys = self.table.keys_around(self.table.parents[entry] if is_key else entry)
        if not keys:
            return UNKNOWN_PLACE
        is_text = not is_key and keys[0] in self.places.text_keys
        return IN_TEXT if is_text or not self.places.json_keys.isdisjoint(keys) else UNKNOWN_PLACE


def _is_spelled(body: bytes, place: int) -> bool:
    # Of JPEG a sign ends in a backslash, with which the sign of an escape may begin.
    at = body.find(b"\\", place, place + len(b"/9j\\"))
    return at in {place, place + len(b"/9j")} and body[at : at + _LONGEST_ESCAPE].lower().startswith(SPELLED)


def _shows_image(text: bytes, place: int, end: int) -> bool:
    """Look from a sign on, up to the end of its string."""
    context = text[place : min(place + _STEP_BYTES + _LONGEST_MATCH, end)]
    # What is before it shows whether base64 begins here or has been going on.
    before = text[max(place - _LONGEST_ESCAPE, 0) : place]
    context = (b" " if _ENDS_IN_ESCAPE.search(before) else before[-1:]) + context
    for escape in _LINE_BREAKS:
        context = context.replace(escape, b"\n")
    context = context.replace(b"\\t", b" ").replace(b"\\", b"")
    expressions = (_DATA_URL, _BASE64, _BROKEN) if b"\n" in context else (_DATA_URL, _BASE64)
    return any(each.search(context) is not None for each in expressions)
