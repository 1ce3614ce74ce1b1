"""Tell what kind of thing base64 data is, by its opening and its declared media type.

The opening wins where it is an image's: readers sniff, and what a caller declares may be wrong.
"""

import re
from typing import Literal

from gateway.dialects.reading.data_url import NotInlineError, data_scheme, decode_base64, opens_as_image

Kind = Literal["image", "document", "video", "other"]  # other: nothing with pictures in it

_STILL = re.compile(rb"avi[fs]|hei[cxms]|hev[cxms]|mi[fa][12f]|msf1", re.IGNORECASE)
_PDF = b"JVBERi0"
_TEXTUAL = re.compile(rb"(text|audio)/|application/(json|xml|x-ndjson|yaml|x-yaml|javascript|x-python)\b")


def kind_of(head: bytes, media_type: bytes = b"") -> Kind:
    """Name what data is; what cannot be told counts as a document.

    Args:
        head: The first characters of a data URL or of base64 alone; 256 at least if there are so many.
        media_type: As declared beside it; empty if nothing is.
    """
    in_url, payload = _parted(head)
    is_document = payload.lstrip().startswith(_PDF)
    if is_document:
        return "document"
    is_film = _is_film(payload)
    declared = [each.strip().lower() for each in (media_type, in_url) if each.strip()]
    if is_film and declared and _is_sound(payload) and all(each.startswith(b"audio/") for each in declared):
        return "other"
    if (opens_as_image(payload) and not is_film) or any(each.startswith(b"image/") for each in declared):
        return "image"
    if is_film or any(each.startswith(b"video/") for each in declared):
        return "video"
    return "other" if declared and all(_TEXTUAL.match(each) for each in declared) else "document"


def _parted(head: bytes) -> tuple[bytes, bytes]:
    """Part a data URL into its media type and its data; base64 alone has no type."""
    scheme = data_scheme(head)
    comma = head.find(b",", scheme) if scheme >= 0 else -1
    if comma < 0:
        return b"", head
    return head[scheme + len(b"data:") : comma].partition(b";")[0], head[comma + 1 :]


def _is_film(head: bytes) -> bool:
    """Tell films from the pictures (HEIF, AVIF) that come in the same container."""
    brand = _brand(head)
    return bool(brand) and _STILL.match(brand) is None


def _is_sound(head: bytes) -> bool:
    """Tell songs and books to listen to, which come in that container as well."""
    return _brand(head) in {b"M4A ", b"M4B "}


def _brand(head: bytes) -> bytes:
    """Return what a file in the container of films says it is; empty if it is none."""
    try:
        opening = decode_base64(head.lstrip()[:16])
    except NotInlineError:
        return b""
    return opening[8:12] if opening[4:8] == b"ftyp" else b""
