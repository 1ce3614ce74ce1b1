"""The ways an image lies in a body: how it is read there, how another one is put in its place.

A source knows strings, not dialects. Reading may decode megabytes: never on the event loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson

from gateway.dialects.reading.data_url import (
    Inline,
    NotInlineError,
    base64_string,
    data_scheme,
    data_url,
    decode_base64,
    opens_as_image,
    parse_data_url,
)
from gateway.dialects.reading.document import Text
from gateway.dialects.reading.splice import Replacement

_HEAD_BYTES = 4096
_LONGEST_URL = 8192  # bytes of an address; beyond it nobody fetches it
_CONTROLS = bytes(range(0x21))


class Source(Protocol):
    """One image, or a place of one that cannot be seen."""

    @property
    def texts(self) -> Sequence[Text]:
        """The strings it is made of."""
        ...

    def read(self) -> Inline:
        """Return the bytes, and their declared media type.

        Raises:
            NotInlineError: The image is not in the body, or cannot be read there; says why.
            ValueError: A string is not what JSON allows.
        """
        ...

    def write(self, media_type: str, data: bytes) -> Sequence[Replacement]:
        """Return what to change so that the place holds these bytes."""
        ...

    def correct_type(self, media_type: str) -> Sequence[Replacement]:
        """Return what to change so that the place declares this type, the image staying as it is."""
        ...


@dataclass(frozen=True)
class DataUrl:
    """A string that holds a data URL, base64 alone, or the address of an image."""

    text: Text

    @property
    def texts(self) -> Sequence[Text]:
        """The one string."""
        return (self.text,)

    @property
    def url(self) -> str | None:
        """The address, if the image is behind one; None if it is in the body."""
        head = self.text.head(_HEAD_BYTES)
        if data_scheme(head) >= 0 or opens_as_image(head):
            return None
        address = self.text.head(_LONGEST_URL + 1)
        if len(address) > _LONGEST_URL:
            return address.decode("latin-1")  # as many characters: cut to fewer, it would be another address
        return address.strip(_CONTROLS).decode("utf-8", "replace")

    def read(self) -> Inline:
        """Decode the data URL."""
        return parse_data_url(self.text.view())

    def write(self, media_type: str, data: bytes) -> Sequence[Replacement]:
        """Put a data URL in place."""
        return [Replacement(self.text.start, self.text.end, data_url(media_type, data))]

    def correct_type(self, media_type: str) -> Sequence[Replacement]:
        """Replace everything before the comma, or the whole where there are escapes before it."""
        head = self.text.head(_HEAD_BYTES)
        comma = head.find(b",")
        start = self.text.start + 1
        if comma < 0 or not self.text.body.startswith(head[: comma + 1], start):
            return self.write(media_type, self.read().data)
        header = b"data:%s;base64," % media_type.encode("ascii")
        return [Replacement(start, start + comma + 1, header)]


@dataclass(frozen=True)
class TypedBase64:
    """Bare base64 in one string, its media type in another."""

    type_text: Text | None
    data_text: Text

    @property
    def texts(self) -> Sequence[Text]:
        """The data, and its type if that is there."""
        return (self.data_text,) if self.type_text is None else (self.type_text, self.data_text)

    def read(self) -> Inline:
        """Decode the data; some callers put a whole data URL there, which some readers take."""
        declared = "" if self.type_text is None else self.type_text.text().strip().lower()
        view = self.data_text.view()
        if data_scheme(bytes(view[:_HEAD_BYTES])) < 0:
            return Inline(declared, decode_base64(view))
        inline = parse_data_url(view)
        return Inline(declared or inline.media_type, inline.data)

    def write(self, media_type: str, data: bytes) -> Sequence[Replacement]:
        """Put base64 in place, and its type."""
        encoded = Replacement(self.data_text.start, self.data_text.end, base64_string(data))
        return [*self.correct_type(media_type), encoded]

    def correct_type(self, media_type: str) -> Sequence[Replacement]:
        """Replace the type, if one is there."""
        if self.type_text is None:
            return []
        return [Replacement(self.type_text.start, self.type_text.end, orjson.dumps(media_type))]


@dataclass(frozen=True)
class BareBase64:
    """Base64 without a word on what it is."""

    text: Text

    @property
    def texts(self) -> Sequence[Text]:
        """The one string."""
        return (self.text,)

    def read(self) -> Inline:
        """Decode the data; no type is declared."""
        view = self.text.view()
        if data_scheme(bytes(view[:_HEAD_BYTES])) < 0:
            return Inline("", decode_base64(view))
        return Inline("", parse_data_url(view).data)

    def write(self, media_type: str, data: bytes) -> Sequence[Replacement]:  # noqa: ARG002 - no place for a type
        """Put base64 in place."""
        return [Replacement(self.text.start, self.text.end, base64_string(data))]

    def correct_type(self, media_type: str) -> Sequence[Replacement]:  # noqa: ARG002 - none is declared
        """Change nothing."""
        return []


@dataclass(frozen=True)
class FileData:
    """A file in the body, as a data URL or base64: looked into if it is a picture, else a document."""

    text: Text

    @property
    def texts(self) -> Sequence[Text]:
        """The one string."""
        return (self.text,)

    def read(self) -> Inline:
        """Decode a picture; anything else is a document, which may hold pictures nobody looks at."""
        head = self.text.head(_HEAD_BYTES)
        payload = head[head.find(b",") + 1 :] if data_scheme(head) >= 0 else head
        is_picture = opens_as_image(payload) and not payload.lstrip().startswith(b"JVBERi0")
        if not is_picture:
            raise NotInlineError("document", "a document is not looked into")
        return parse_data_url(self.text.view())

    def write(self, media_type: str, data: bytes) -> Sequence[Replacement]:
        """Put a data URL in place."""
        return DataUrl(self.text).write(media_type, data)

    def correct_type(self, media_type: str) -> Sequence[Replacement]:
        """Replace everything before the comma."""
        return DataUrl(self.text).correct_type(media_type)


@dataclass(frozen=True)
class Unseen:
    """A place that holds or names something which may be or contain a picture, and is not looked into."""

    reason: str  # one word: file_id, document, video, ...
    texts: Sequence[Text] = ()

    def read(self) -> Inline:
        """Say why it cannot be read."""
        raise NotInlineError(self.reason, f"what is here is not looked into: {self.reason}")

    def write(self, media_type: str, data: bytes) -> Sequence[Replacement]:  # noqa: ARG002 - the seam
        """Change nothing."""
        return []

    def correct_type(self, media_type: str) -> Sequence[Replacement]:  # noqa: ARG002 - the seam
        """Change nothing."""
        return []
