"""Pictures named by their address, in APIs where one that is sent stands at other keys than an address.

OpenAI takes both at one key; Anthropic and Gemini do not, so that putting the fetched picture in place means
renaming keys as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from gateway.dialects.reading.data_url import base64_string
from gateway.dialects.reading.document import Object, Text
from gateway.dialects.reading.sources import DataUrl
from gateway.dialects.reading.splice import Replacement


@dataclass(frozen=True)
class SourceUrl(DataUrl):
    """Anthropic's `{"type": "url", "url": ...}`, which becomes `{"type": "base64", "media_type", "data"}`."""

    type_text: Text

    def write(self, media_type: str, data: bytes) -> Sequence[Replacement]:
        """Rename the address to data, its type with it."""
        start = _key_start(self.text)
        value = b'"media_type":%s,"data":%s' % (orjson.dumps(media_type), base64_string(data))
        return [
            Replacement(self.type_text.start, self.type_text.end, b'"base64"'),
            Replacement(start, self.text.end, value),
        ]


@dataclass(frozen=True)
class FileUri(DataUrl):
    """Gemini's `"fileData": {"fileUri", "mimeType"}`, which becomes `"inlineData": {"data", "mimeType"}`."""

    file: Object
    type_text: Text | None

    def write(self, media_type: str, data: bytes) -> Sequence[Replacement]:
        """Rename both keys, and say the type."""
        declared = orjson.dumps(media_type)
        value = b'"data":' + base64_string(data)
        written = [_renamed(self.file, b'"inlineData"')]
        if self.type_text is None:
            value += b',"mimeType":' + declared
        else:
            written.append(Replacement(self.type_text.start, self.type_text.end, declared))
        return [*written, Replacement(_key_start(self.text), self.text.end, value)]


@dataclass(frozen=True)
class ContentUri(DataUrl):
    """An interaction's `{"uri", "mime_type"}`, which becomes `{"data", "mime_type"}`."""

    type_text: Text | None

    def write(self, media_type: str, data: bytes) -> Sequence[Replacement]:
        """Rename the address to data, and say the type."""
        declared, value = orjson.dumps(media_type), b'"data":' + base64_string(data)
        if self.type_text is None:
            value += b',"mime_type":' + declared
            return [Replacement(_key_start(self.text), self.text.end, value)]
        return [
            Replacement(self.type_text.start, self.type_text.end, declared),
            Replacement(_key_start(self.text), self.text.end, value),
        ]


def _key_start(value: Text) -> int:
    """Return where the key of a string begins; keys that we know have no quote in them."""
    closing = value.body.rindex(b'"', 0, value.start)
    return value.body.rindex(b'"', 0, closing)


def _renamed(value: Object, key: bytes) -> Replacement:
    """Return the change of a member's key, which is the entry before its value."""
    entry = value.entry - 1
    return Replacement(value.table.starts[entry], value.table.ends[entry], key)
