"""Read and write `data:` URLs and base64, the ways images travel inside a JSON body.

Reads whatever some reader upstream reads (LiteLLM, Python's urllib and base64, browsers): white space before
the scheme and in the data, the URL-safe alphabet, missing padding, percent escapes, data without a header.
What is written is always canonical.
"""

import binascii
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import pybase64

_LONGEST_HEADER = 4096  # bytes before the comma; real ones are under 40
_LONGEST_LEAD = 256  # bytes before `data:` that some reader skips
_SPACES = b" \t\n\r\f\v"
_CONTROLS = bytes(range(0x21))  # what URL parsers strip at the start: control characters and space
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_ADDRESS = re.compile(rb"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# Base64 of the first bytes of PNG, JPEG, GIF, WebP, TIFF (both ways), HEIC or AVIF, JPEG XL, BMP, PDF.
_MAGIC = re.compile(
    rb"iVBORw0KGgo|/9j/|R0lGOD|UklGR.{6}XRUJQ|SUkqA|TU0AK|AAAA.GZ0eXB|AAAADEpYTCAN|Qk[0-3].{5}AAAA|JVBERi0",
    re.DOTALL,
)


class NotInlineError(ValueError):
    """The place holds no base64 data; `reason` is one word for counters and headers."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Inline:
    """What an image slot holds."""

    media_type: str  # as declared, lower case; empty if none is declared
    data: bytes


def parse_data_url(text: bytes | memoryview) -> Inline:
    """Decode `data:image/png;base64,...`, or base64 alone that opens as an image does.

    Raises:
        NotInlineError: `url` for any other address, `unsupported_data_url` for data that is not base64,
            `invalid_base64` for characters or padding that base64 does not have.
    """
    view = memoryview(text)
    head = bytes(view[: _LONGEST_LEAD + _LONGEST_HEADER])
    scheme = data_scheme(head)
    if scheme < 0 and opens_as_image(head):
        return Inline("", decode_base64(view))
    if scheme < 0:
        raise NotInlineError("url", "the image is not in the request but behind an address")
    comma = head.find(b",", scheme)
    if comma < 0:
        raise NotInlineError("unsupported_data_url", "expected data:<media type>;base64,<data>")
    media_type, *parameters = (
        head[scheme + len(b"data:") : comma].translate(None, _SPACES).lower().split(b";")
    )
    # Some readers cut at the comma and never look at the header.
    if b"base64" not in parameters and not opens_as_image(head[comma + 1 :]):
        raise NotInlineError("unsupported_data_url", "expected data:<media type>;base64,<data>")
    return Inline(media_type.decode("latin-1"), decode_base64(view[comma + 1 :]))


def data_scheme(head: bytes) -> int:
    """Return where `data:` begins, or -1: at the start, or after something that is no address itself."""
    if _ADDRESS.match(head.lstrip(_CONTROLS)):
        return -1
    return head[:_LONGEST_LEAD].lower().find(b"data:")


def opens_as_image(head: bytes) -> bool:
    """Tell whether base64 begins with the magic bytes of a picture, or of a document that may hold some."""
    return _MAGIC.match(_plain_alphabet(head[:64])) is not None


def decode_base64(text: bytes | memoryview) -> bytes:
    """Decode as the most tolerant of careful readers does.

    Raises:
        NotInlineError: `invalid_base64`: readers would disagree about it, or none would take it.
    """
    try:
        return bytes(pybase64.b64decode(text, validate=True))
    except binascii.Error:
        pass
    try:
        return bytes(pybase64.b64decode(_padded(bytes(text)), validate=True))
    except binascii.Error as error:
        raise NotInlineError("invalid_base64", f"the image is not valid base64: {error}") from error


def data_url(media_type: str, data: bytes) -> bytes:
    """Return the data URL as a JSON string, quotes included; none of its characters needs an escape."""
    return b'"data:%s;base64,%s"' % (media_type.encode("ascii"), pybase64.b64encode(data))


def base64_string(data: bytes) -> bytes:
    """Return base64 as a JSON string, quotes included."""
    return b'"%s"' % pybase64.b64encode(data)


def _padded(text: bytes) -> bytes:
    if b"%" in text:
        text = unquote_to_bytes(text)
    text = _plain_alphabet(text).rstrip(b"=")
    return text + b"=" * (-len(text) % 4)


def _plain_alphabet(text: bytes) -> bytes:
    return text.translate(_URL_SAFE, _SPACES)
