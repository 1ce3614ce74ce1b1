"""Gemini interactions: images are contents with `data` or `uri`, in the input and in results of tools."""

import re
from collections.abc import Iterator, Sequence

from gateway.dialects.gemini import Gemini, is_stored
from gateway.dialects.protocol import Slot
from gateway.dialects.reading.address_sources import ContentUri
from gateway.dialects.reading.display import at_level, framed, level_at
from gateway.dialects.reading.document import Fields, Node, Object, Text
from gateway.dialects.reading.places import DUPLICATE_KEYS, Grammar, Place, misfits, texts, walk
from gateway.dialects.reading.readers import strings_at, typed
from gateway.dialects.reading.sources import Source, Unseen

_PATHS = re.compile(r"/v1(alpha|beta|beta1)?/(.+/)?interactions", re.IGNORECASE)
_TYPE_KEYS = ("mime_type", "mimeType")
_UNSEEN_KINDS = frozenset({"video", "document"})
_SHOWN_KINDS = _UNSEEN_KINDS | {"image"}


class GeminiInteractions(Gemini):
    """POST /v1beta/interactions."""

    name = "gemini_interactions"
    markers: Sequence[bytes] = (b'"data"', b'"uri"')
    text_keys = frozenset({"text", "input", "content", "result", "system_instruction", "code"})
    json_keys = frozenset({"arguments", "annotations", "tools", "parameters", "response_format", "places"})

    def takes(self, path: str) -> bool:
        """Take new interactions; old ones are only looked up."""
        return _PATHS.fullmatch(path) is not None

    def slots(self, document: Object) -> Iterator[Slot]:
        """Yield what every content of the input shows."""
        return framed(walk(document, _GRAMMAR, "request"), document)

    def model_of(self, path: str, document: Fields) -> str:  # noqa: ARG002 - Gemini's other paths name it
        """Return the model in the body, or the agent that stands for one."""
        for key in ("model", "agent"):
            name = document.get(key)
            if isinstance(name, str):
                return name.rpartition("/")[2]
        return ""


def _data(content: Object, value: Node, where: str) -> Iterator[Slot]:
    kind, declared = content.get("type"), _declared(content, where)
    is_ambiguous = len(declared) > 1 or len(content.all("data")) > 1
    for path, text in texts(value, where):
        if kind in _UNSEEN_KINDS or is_ambiguous:
            reason = DUPLICATE_KEYS if is_ambiguous else str(kind)
            yield Slot(path, Unseen(reason, (text,)))
        elif kind != "audio":
            yield from at_level(typed(text, declared[0] if declared else None, path), _level_of(content))
    yield from _misfits(kind, value, where)


def _uri(content: Object, value: Node, where: str) -> Iterator[Slot]:
    kind, declared = content.get("type"), _declared(content, where)
    is_ambiguous = len(declared) > 1 or len(content.all("uri")) > 1 or bool(content.all("data"))
    for path, text in texts(value, where):
        if kind != "audio":
            source = _address(text, str(kind), declared, is_ambiguous=is_ambiguous)
            yield Slot(path, source, _level_of(content))
    yield from _misfits(kind, value, where)


def _misfits(kind: object, value: Node, where: str) -> Iterator[Slot]:
    """Tell of no string where one should be; what a tool gave back may have keys of the same names."""
    if kind in _SHOWN_KINDS:
        yield from misfits(value, where, Text)


def _address(text: Text, kind: str, declared: Sequence[Text], *, is_ambiguous: bool) -> Source:
    if kind in _UNSEEN_KINDS:
        return Unseen(kind, (text,))
    if is_ambiguous:
        return Unseen(DUPLICATE_KEYS, (text,))
    if is_stored(text.text().strip()):
        return Unseen("file_id", (text,))
    return ContentUri(text, declared[0] if declared else None)


def _level_of(content: Object) -> str:
    return level_at(content, "resolution", "media_resolution", "mediaResolution")


def _declared(content: Object, where: str) -> list[Text]:
    return [text for key in _TYPE_KEYS for _, text in strings_at(content, key, where)]


_GRAMMAR: Grammar = {
    "request": Place({"input": "content", "steps": "content"}),
    "content": Place(
        {"content": "content", "result": "content", "summary": "content"}, {"data": _data, "uri": _uri}
    ),
}
