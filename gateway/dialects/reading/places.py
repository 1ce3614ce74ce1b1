"""Walk the places of a document in which an API's format allows pictures.

A grammar names those places, the keys that lead from one to the next, and the keys that hold pictures; what
stands at a key it does not name is left to `strays`. Arrays are looked through, however deep they nest, so
that a list within a list is one place; of keys that occur twice each occurrence is visited, as readers
disagree on which one counts.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from gateway.dialects.protocol import Slot
from gateway.dialects.reading.document import Array, Node, Object, Scalar, Text
from gateway.dialects.reading.sources import Unseen
from gateway.dialects.reading.strays import UNKNOWN_PLACE

ANY_KEY = "*"  # in `Place.leads`: every key that is not named there
DUPLICATE_KEYS = "duplicate_keys"  # the reason of what readers would disagree on
_MOST_OCCURRENCES = 8  # of one key in one object; what more there are is told, as reading each may take long
_LONGEST_WHERE = 200  # characters; bodies nest as deep as their senders please

# Takes the object around, the value at the key, and its readable path.
Reader = Callable[[Object, Node, str], Iterable[Slot]]


@dataclass(frozen=True)
class Place:
    """What an object that stands somewhere may hold."""

    leads: Mapping[str, str] = field(default_factory=dict)  # key to the name of the place it leads to
    reads: Mapping[str, Reader] = field(default_factory=dict)  # key to what finds the slots in its value
    # Likewise, of keys that others use for words too: they count as they are spelt, and in no other case.
    exact: Mapping[str, Reader] = field(default_factory=dict)

    @cached_property
    def folded(self) -> Mapping[str, str]:
        """The keys as readers know them that pay no regard to case."""
        return {folded(key): key for key in (*self.leads, *self.reads) if key != ANY_KEY}


Grammar = Mapping[str, Place]


def walk(document: Object, grammar: Grammar, root: str) -> Iterator[Slot]:
    """Yield the slots of every place that can be reached from the root, nearly in the order of the body."""
    # Iterators, not lists: of a body that is one large array no element is held. Not recursion, either, which
    # ends at a thousand levels.
    waiting: list[Iterator[tuple[Node, str, str]]] = [iter([(document, root, "")])]
    while waiting:
        found = next(waiting[-1], None)
        if found is None:
            waiting.pop()
            continue
        node, name, where = found
        if isinstance(node, Array):
            waiting.append(_elements(node, name, where))
        elif isinstance(node, Object):
            leads: list[tuple[Node, str, str]] = []
            yield from _visit(node, grammar[name], where, leads)
            waiting.append(iter(leads))


def _elements(node: Array, name: str, where: str) -> Iterator[tuple[Node, str, str]]:
    for index, item in enumerate(node):
        if isinstance(item, Array | Object):
            yield item, name, _element(where, index)


def texts(node: Node, where: str) -> Iterator[tuple[str, Text]]:
    """Yield the strings at a key that takes one or a list of them, empty ones left out."""
    return ((path, found) for path, found in every_text(node, where) if found.end - found.start > len('""'))


def every_text(node: Node, where: str) -> Iterator[tuple[str, Text]]:
    """Do the same with empty ones: where the data of a picture belongs, they are pictures of no bytes."""
    return ((path, found) for path, found in _one_or_many(node, where) if isinstance(found, Text))


def objects(node: Node, where: str) -> Iterator[tuple[str, Object]]:
    """Yield the objects at a key that takes one or a list of them."""
    for path, found in _one_or_many(node, where):
        if isinstance(found, Object):
            yield path, found


def _one_or_many(node: Node, where: str) -> Iterator[tuple[str, Node]]:
    waiting = [(node, where)]
    while waiting:
        found, path = waiting.pop()
        if isinstance(found, Array):
            each = [(item, _element(path, index)) for index, item in enumerate(found.items)]
            waiting.extend(reversed(each))
        else:
            yield path, found


def misfits(
    node: Node, where: str, *expected: type[Text | Object], reason: str = UNKNOWN_PLACE
) -> Iterator[Slot]:
    """Tell, once, of what is none of the expected kinds: some readers take a list of numbers for bytes."""
    waiting: list[Iterator[Node]] = [iter([node])]
    while waiting:
        found = next(waiting[-1], None)
        if found is None:
            waiting.pop()
        elif isinstance(found, Array):
            waiting.append(iter(found))
        elif not isinstance(found, expected) and not _is_nothing(found):
            yield Slot(where, Unseen(reason))
            return


def misspelt(holder: Object, value: Node, where: str) -> Iterator[Slot]:  # noqa: ARG001 - a Reader
    """Tell of a key in another case than the API's: readers written in Go take it all the same."""
    yield from misfits(value, where)


def folded(key: str) -> str:
    """Return a key as Go's readers compare it: of no case, and with two letters that look like s and k."""
    return (key if key.isascii() else key.replace("\N{LATIN SMALL LETTER LONG S}", "s")).lower()


def _is_nothing(node: Text | Object | Scalar) -> bool:
    """Tell what cannot hold or name anything: null, true, false, an empty string or object."""
    if isinstance(node, Object):
        return next(iter(node), None) is None
    if isinstance(node, Text):
        return node.end - node.start <= len('""')
    return node.body[node.start : node.start + 1] in b"ntf"


def member(where: str, key: str) -> str:
    """Return the readable path of what an object holds at a key."""
    return _shortened(f"{where}.{key}" if where else key)


def _element(where: str, index: int) -> str:
    return _shortened(f"{where}[{index}]")


def _shortened(where: str) -> str:
    return where if len(where) <= _LONGEST_WHERE else where[: _LONGEST_WHERE - 1] + "…"


def _visit(holder: Object, place: Place, where: str, leads: list[tuple[Node, str, str]]) -> Iterator[Slot]:
    """Yield the slots of one object; add what it leads to."""
    otherwise = place.leads.get(ANY_KEY)
    occurrences: Counter[str] = Counter()
    for key, value in holder:
        read, name = place.reads.get(key) or place.exact.get(key), place.leads.get(key, otherwise)
        if read is None and name is None:
            known = place.folded.get(folded(key))
            if known is None:
                continue
            # Written as no API writes it: what it leads to is looked at, what it holds is told.
            read, name = place.reads.get(known) and misspelt, place.leads.get(known)
        occurrences[key] += 1
        if occurrences[key] > _MOST_OCCURRENCES:
            continue
        if read is not None:
            yield from read(holder, value, member(where, key))
        if name is not None:
            leads.append((value, name, member(where, key)))
    if any(count > _MOST_OCCURRENCES for count in occurrences.values()):
        yield Slot(where, Unseen(DUPLICATE_KEYS))
