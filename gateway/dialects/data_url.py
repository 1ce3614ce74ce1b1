"""Read and write `data:` URLs, the way images travel inside a JSON body."""

import binascii
from dataclasses import dataclass

import pybase64

_LONGEST_HEADER = 256  # bytes before the comma; real ones are under 40


class NotInlineError(ValueError):
    """The text is not base64 data; `reason` is one word for counters and headers."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Inline:
    """What a data URL holds."""

    media_type: str  # as declared, lower case; empty if the URL declares none
    data: bytes


def parse_data_url(text: bytes) -> Inline:
    """Decode `data:image/png;base64,...`.

    Raises:
        NotInlineError: `url` for any other scheme, `unsupported_data_url` for data that is not base64,
            `invalid_base64` for characters or padding that base64 does not have.
    """
    if text[:5].lower() != b"data:":
        raise NotInlineError("url", "the image is not in the request but behind an address")
    comma = text.find(b",", 0, _LONGEST_HEADER)
    media_type, *parameters = text[5 : max(comma, 5)].split(b";")
    if comma < 0 or not parameters or parameters[-1].strip().lower() != b"base64":
        raise NotInlineError("unsupported_data_url", "expected data:<media type>;base64,<data>")
    try:
        data = pybase64.b64decode(memoryview(text)[comma + 1 :], validate=True)
    except binascii.Error as error:
        raise NotInlineError("invalid_base64", f"the image is not valid base64: {error}") from error
    return Inline(media_type.strip().lower().decode("latin-1"), data)


def data_url_string(media_type: str, data: bytes) -> bytes:
    """Return the data URL as a JSON string, quotes included; none of its characters needs an escape."""
    return b'"data:%s;base64,%s"' % (media_type.encode("ascii"), pybase64.b64encode(data))
