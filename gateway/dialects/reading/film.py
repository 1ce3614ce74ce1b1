"""Films in a request: whole files are not looked into, but some servers take them as single pictures.

vLLM reads `data:video/jpeg;base64,A,B,C` as frames; Qwen's servers take a list of URLs. Frames of one film
must stay alike in size, so that they are looked at and never rewritten.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.dialects.protocol import Slot
from gateway.dialects.reading.data_url import Inline, data_scheme, decode_base64
from gateway.dialects.reading.document import Array, Node, Object, Text
from gateway.dialects.reading.media import kind_of
from gateway.dialects.reading.places import misfits, objects, texts
from gateway.dialects.reading.readers import misfits_at, strings_at
from gateway.dialects.reading.sources import DataUrl, Unseen
from gateway.dialects.reading.splice import Replacement

_HEAD_BYTES = 512
_FRAMES = b"video/jpeg"


@dataclass(frozen=True)
class Frame:
    """One picture of a film that is sent as a list of them in one string."""

    text: Text
    start: int  # of its base64, in the body
    end: int

    @property
    def texts(self) -> Sequence[Text]:
        """The string that holds all frames."""
        return (self.text,)

    def read(self) -> Inline:
        """Decode the frame."""
        return Inline("image/jpeg", decode_base64(memoryview(self.text.body)[self.start : self.end]))

    def write(self, media_type: str, data: bytes) -> Sequence[Replacement]:  # noqa: ARG002 - the seam
        """Change nothing: a frame must stay as large as its neighbours."""
        return []

    def correct_type(self, media_type: str) -> Sequence[Replacement]:  # noqa: ARG002 - the seam
        """Change nothing: the type is that of all frames."""
        return []


def films(holder: Object, value: Node, where: str) -> Iterator[Slot]:  # noqa: ARG001 - a Reader
    """Read films: strings, or objects that hold them as `url`; in a list, each is one picture."""
    is_list_of_pictures = isinstance(value, Array)
    found = list(texts(value, where))
    for path, inner in objects(value, where):
        found += strings_at(inner, "url", path)
        yield from (Slot(at, Unseen("file_id", (text,))) for at, text in strings_at(inner, "file_id", path))
        yield from misfits_at(inner, ("url", "file_id"), path)
    yield from misfits(value, where, Text, Object)
    for path, text in found:
        yield from _pictures(text, path) if is_list_of_pictures else _film(text, path)


def _pictures(text: Text, where: str) -> Iterator[Slot]:
    head = text.head(_HEAD_BYTES)
    if data_scheme(head) < 0 or kind_of(head) == "image":
        yield Slot(where, DataUrl(text))
    else:
        yield from _film(text, where)


def _film(text: Text, where: str) -> Iterator[Slot]:
    head = text.head(_HEAD_BYTES)
    scheme = data_scheme(head)
    comma = head.find(b",", scheme) if scheme >= 0 else -1
    if comma < 0 or not text.is_plain or not head[scheme + 5 : comma].lower().startswith(_FRAMES):
        yield Slot(where, DataUrl(text) if kind_of(head) == "image" else Unseen("video", (text,)))
        return
    start, last = text.start + 1 + comma + 1, text.end - 1
    number = 0
    while start <= last:
        end = text.body.find(b",", start, last)
        end = last if end < 0 else end
        yield Slot(f"{where}[{number}]", Frame(text, start, end))
        start, number = end + 1, number + 1
