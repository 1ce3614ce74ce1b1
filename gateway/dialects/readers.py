"""How the values at an API's keys become slots: URLs, files, base64 beside its media type, and mere ids."""

from collections.abc import Iterator, Sequence

from gateway.dialects.document import Node, Object
from gateway.dialects.media import kind_of, kind_of_file
from gateway.dialects.places import Reader, member, objects, texts
from gateway.dialects.protocol import Slot
from gateway.dialects.sources import BareBase64, DataUrl, FileData, TypedBase64, Unseen

_HEAD_BYTES = 512  # enough for the header of a data URL and the opening of what it holds


def picture_urls(holder: Object, value: Node, where: str) -> Iterator[Slot]:  # noqa: ARG001 - a Reader
    """Read URLs of pictures: bare strings, or objects that hold them as `url`; one or a list."""
    for path, text in texts(value, where):
        yield Slot(path, DataUrl(text))
    for path, inner in objects(value, where):
        for url in inner.all("url"):
            yield from (Slot(deeper, DataUrl(text)) for deeper, text in texts(url, member(path, "url")))


def bare_pictures(holder: Object, value: Node, where: str) -> Iterator[Slot]:  # noqa: ARG001 - a Reader
    """Read pictures as base64 without anything around it."""
    yield from (Slot(path, BareBase64(text)) for path, text in texts(value, where))


def files(holder: Object, value: Node, where: str) -> Iterator[Slot]:  # noqa: ARG001 - a Reader
    """Read data URLs, or base64 alone, of anything; of text there is nothing to say."""
    for path, text in texts(value, where):
        kind = kind_of_file(text.head(_HEAD_BYTES))
        if kind == "video":
            yield Slot(path, Unseen(kind, (text,)))
        elif kind != "other":
            yield Slot(path, FileData(text))


def typed_base64(holder: Object, where: str, *, data_key: str, type_keys: Sequence[str]) -> Iterator[Slot]:
    """Read base64 of anything at one key of an object, and its media type at another."""
    declared = [text for key in type_keys for node in holder.all(key) for _, text in texts(node, where)]
    type_text = declared[-1] if declared else None
    media_type = type_text.value() if type_text is not None else b""
    for node in holder.all(data_key):
        for path, text in texts(node, member(where, data_key)):
            kind = kind_of(media_type, text.head(_HEAD_BYTES))
            if kind == "image":
                yield Slot(path, TypedBase64(type_text, text))
            elif kind != "other":
                yield Slot(path, Unseen(kind, (text,)))


def unseen(reason: str) -> Reader:
    """Return a reader that says of each string that nobody looks into what it names."""

    def read(holder: Object, value: Node, where: str) -> Iterator[Slot]:  # noqa: ARG001 - a Reader
        for path, text in texts(value, where):
            yield Slot(path, Unseen(reason, (text,)))

    return read
