"""How the values at an API's keys become slots: URLs, files, base64 beside its media type, and mere ids."""

from collections.abc import Iterator, Sequence

from gateway.dialects.protocol import Slot
from gateway.dialects.reading.display import level_at
from gateway.dialects.reading.document import Node, Object, Text
from gateway.dialects.reading.media import kind_of
from gateway.dialects.reading.places import (
    DUPLICATE_KEYS,
    Reader,
    every_text,
    folded,
    member,
    misfits,
    misspelt,
    objects,
    texts,
)
from gateway.dialects.reading.sources import BareBase64, DataUrl, FileData, TypedBase64, Unseen

_HEAD_BYTES = 512  # enough for the header of a data URL and the opening of what it holds


def picture_urls(holder: Object, value: Node, where: str) -> Iterator[Slot]:
    """Read URLs of pictures: bare strings, or objects that hold them as `url`, or an id; one or a list.

    `detail` stands beside the string or in the object.
    """
    detail = level_at(holder, "detail")
    for path, text in texts(value, where):
        yield Slot(path, DataUrl(text), detail)
    for path, inner in objects(value, where):
        level = level_at(inner, "detail") or detail
        yield from (Slot(at, DataUrl(text), level) for at, text in strings_at(inner, "url", path))
        yield from (Slot(at, Unseen("file_id", (text,))) for at, text in strings_at(inner, "file_id", path))
        yield from misfits_at(inner, ("url", "file_id"), path)
    yield from misfits(value, where, Text, Object)


def bare_pictures(holder: Object, value: Node, where: str) -> Iterator[Slot]:  # noqa: ARG001 - a Reader
    """Read pictures as base64 without anything around it."""
    yield from (Slot(path, BareBase64(text)) for path, text in texts(value, where))
    yield from misfits(value, where, Text)


def files(holder: Object, value: Node, where: str) -> Iterator[Slot]:  # noqa: ARG001 - a Reader
    """Read data URLs, or base64 alone, of anything; of text there is nothing to say."""
    yield from file_strings(value, where)
    yield from misfits(value, where, Text)


def file_strings(value: Node, where: str) -> Iterator[Slot]:
    """Read the strings alone of what may be files."""
    for path, text in texts(value, where):
        kind = kind_of(text.head(_HEAD_BYTES))
        if kind == "video":
            yield Slot(path, Unseen(kind, (text,)))
        elif kind != "other":
            yield Slot(path, FileData(text))


def typed_base64(holder: Object, where: str, *, data_key: str, type_keys: Sequence[str]) -> Iterator[Slot]:
    """Read base64 of anything at one key of an object, and its media type at another.

    Where that says it is a picture, no bytes at all are a picture that cannot be read.
    """
    declared = [text for key in type_keys for _, text in strings_at(holder, key, where)]
    found = [each for node in holder.all(data_key) for each in every_text(node, member(where, data_key))]
    for path, text in found:
        if len(declared) > 1 or len(found) > 1:
            yield Slot(path, Unseen(DUPLICATE_KEYS, (text,)))
        else:
            yield from typed(text, declared[0] if declared else None, path)
    yield from misfits_at(holder, (data_key,), where)


def typed(data: Text, type_text: Text | None, where: str) -> Iterator[Slot]:
    """Read base64 of anything, with its media type in a string of its own."""
    head = data.head(_HEAD_BYTES)
    kind = kind_of(head, b"" if type_text is None else type_text.value())
    if kind == "image":
        yield Slot(where, TypedBase64(type_text, data))
    elif head and kind != "other":
        yield Slot(where, Unseen(kind, (data,)))


def strings_at(holder: Object, key: str, where: str) -> Iterator[tuple[str, Text]]:
    """Yield the strings at every occurrence of a key of an object."""
    for node in holder.all(key):
        yield from texts(node, member(where, key))


def misfits_at(holder: Object, keys: Sequence[str], where: str) -> Iterator[Slot]:
    """Tell of what is no string at keys of an object, and of whatever is at these keys in another case."""
    names = {folded(key) for key in keys}
    for key, node in holder:
        if key in keys:
            yield from misfits(node, member(where, key), Text)
        elif folded(key) in names:
            yield from misspelt(holder, node, member(where, key))


def unseen(reason: str) -> Reader:
    """Return a reader that says of whatever is there that nobody looks into what it names."""

    def read(holder: Object, value: Node, where: str) -> Iterator[Slot]:  # noqa: ARG001 - a Reader
        for path, text in texts(value, where):
            yield Slot(path, Unseen(reason, (text,)))
        for path, inner in objects(value, where):
            named = tuple(node for _, node in inner if isinstance(node, Text))
            if inner.items:
                yield Slot(path, Unseen(reason, named))
        yield from misfits(value, where, Text, Object, reason=reason)

    return read
