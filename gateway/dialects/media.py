"""Tell what kind of thing base64 data is, by its opening and its declared media type.

The opening wins where it is an image's: readers sniff, and what a caller declares may be wrong.
"""

import re
from typing import Literal

from gateway.dialects.data_url import NotInlineError, data_scheme, decode_base64, opens_as_image

Kind = Literal["image", "document", "video", "other"]  # other: nothing with pictures in it

_STILL = re.compile(rb"avi[fs]|hei[cxms]|hev[cxms]|mi[fa][12f]|msf1", re.IGNORECASE)
_PDF = b"JVBERi0"
_TEXTUAL = re.compile(rb"(text|audio)/|application/(json|xml|x-ndjson|yaml|x-yaml|javascript|x-python)\b")


def kind_of(media_type: bytes, head: bytes) -> Kind:
    """Name what data is; what cannot be told counts as a document.

    Args:
        media_type: As declared; empty if nothing is.
        head: The first characters of the base64; 64 at least if there are so many.
    """
    declared = media_type.strip().lower()
    is_document = head.lstrip().startswith(_PDF)
    is_picture = opens_as_image(head) and not is_document and not _is_film(head)
    if is_picture or (declared.startswith(b"image/") and not is_document):
        return "image"
    if declared.startswith(b"video/") or _is_film(head):
        return "video"
    return "other" if _TEXTUAL.match(declared) and not is_document else "document"


def _is_film(head: bytes) -> bool:
    """Tell films from the pictures (HEIF, AVIF) that come in the same container."""
    try:
        opening = decode_base64(head.lstrip()[:16])
    except NotInlineError:
        return False
    return opening[4:8] == b"ftyp" and _STILL.match(opening[8:12]) is None


def kind_of_file(head: bytes) -> Kind:
    """Name what a data URL, or base64 alone, holds.

    Args:
        head: Its first characters; 256 at least if there are so many.
    """
    scheme = data_scheme(head)
    comma = head.find(b",", scheme) if scheme >= 0 else -1
    if comma < 0:
        return kind_of(b"", head)
    media_type = head[scheme + len(b"data:") : comma].partition(b";")[0]
    return kind_of(media_type, head[comma + 1 :])
