"""In which character set a caller says its body is: JSON is UTF-8, but some readers believe the header.

In UTF-7, say, what is a word to us may be a key to them. Sets in which every byte of ASCII means itself are
read here as there: keys, base64 and addresses are ASCII.
"""

import re
from collections.abc import Iterable

_CHARSET = re.compile(rb"charset\*?\s*=\s*[\"']?\s*([^\s;,\"']*)", re.IGNORECASE)
_LIKE_ASCII = frozenset(
    {b"", b"utf-8", b"utf8", b"us-ascii", b"ascii", b"iso-8859-1", b"latin1", b"latin-1", b"windows-1252"}
)


def foreign_charset(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the named character set in which a body may read otherwise than here; empty if there is none."""
    for name, value in headers:
        if name == b"content-type":
            for charset in _CHARSET.findall(value):
                if charset.lower() not in _LIKE_ASCII:
                    return str(charset, "latin-1")
    return ""
