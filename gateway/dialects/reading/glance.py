"""Find the places of a body that may hold an image, all signs at once and at the speed of memory.

Errs on one side only: what a dialect or `strays` would find is never denied here, however escaped or cased.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from ahocorasick_rs import BytesAhoCorasick, MatchKind

# Keys under which requests name pictures and files, whatever the dialect; in lower case.
NAMING_KEYS = frozenset(
    {
        *(b"image_url", b"imageurl", b"image_uri", b"imageuri", b"image_file", b"image_id"),
        *(b"file_id", b"fileid", b"file_uri", b"fileuri", b"file_url", b"fileurl"),
        *(b"document_url", b"documenturl", b"video_url", b"videourl"),
    }
)
# In lower case: data URLs, then base64 of PNG, JPEG (URL-safe, too), GIF, WebP,
# TIFF (both ways), HEIC or AVIF, JPEG XL, BMP and PDF: the first letters alone, as a line may end after them.
_SIGNS = (
    *(b"data:image", b";base64,", b"ivbo", b"r0lg", b"uklg"),
    *(start + end for start in (b"/9j", b"_9j") for end in (b"/", b"_", b"\\", b"\n", b"\r")),
    *(b"sukq", b"tu0a", b"gz0e", b"depy", b'"qk', b"jvbe"),
)
# Letters that Go's readers take for s and k in keys: as they are, and as escapes.
_LOOKALIKES = ("\u017f".encode(), "\u212a".encode(), b"\\u017f", b"\\u212a")
# Escapes of white space, a comma, a slash, a digit, a colon, a letter or an underscore could spell any
# of the above. Some clients always write <, >, & and quotes as escapes, which are in no sign.
SPELLED = tuple(
    b"\\u00" + digits
    for digits in (
        *(b"09", b"0a", b"0c", b"0d", b"20", b"2c", b"2f", b"3a", b"4", b"5", b"6", b"7"),
        *(b"3%d" % digit for digit in range(10)),
    )
)
_WINDOW_BYTES = 131_072  # what one step looks at: a few milliseconds if it is nothing but signs
_FIRST_WINDOW_BYTES = 4096  # where a request begins with its picture, the search ends here
_OVERLAP_BYTES = 64  # longer than any sign
_CORE_BYTES = 4
_FOLD = np.uint8(0x20)  # the bit by which capitals differ; setting it everywhere is faster than finding them


class Signs:
    """What to look for: the signs of images everywhere, naming keys, and further ones of a dialect."""

    def __init__(self, markers: Sequence[bytes] = ()) -> None:
        """Look for these markers as well, which are in lower case."""
        keys = (b'"%s"' % key for key in sorted(NAMING_KEYS))
        # Leftmost-first is the kind of search that the library runs in vector instructions.
        patterns = dict.fromkeys([*_SIGNS, *_LOOKALIKES, *SPELLED, *keys, *markers])
        self._search = BytesAhoCorasick(patterns, matchkind=MatchKind.LeftmostFirst)
        # Sixty patterns are searched for at a tenth of the speed of twenty short ones.
        cores = dict.fromkeys(_core(pattern) for pattern in patterns)
        self._quick_search = BytesAhoCorasick(cores, matchkind=MatchKind.LeftmostFirst)

    def are_in(self, body: bytes) -> bool:
        """Tell whether there is any, in one step: for small bodies."""
        return bool(self._search.find_matches_as_indexes(body.lower()))

    def places(self, body: bytes, start: int, end: int) -> Iterator[int]:
        """Yield where signs begin in a stretch of a body, some twice."""
        first = min(start + _FIRST_WINDOW_BYTES, end)
        yield from self._places_in(body, start, min(first + _OVERLAP_BYTES, end))
        values = np.frombuffer(body, np.uint8)
        for position in range(first, end, _WINDOW_BYTES):
            last = min(position + _WINDOW_BYTES + _OVERLAP_BYTES, end)
            if self._quick_search.find_matches_as_indexes((values[position:last] | _FOLD).data):
                yield from self._places_in(body, position, last)

    def _places_in(self, body: bytes, start: int, end: int) -> Iterator[int]:
        for _, place, _ in self._search.find_matches_as_indexes(body[start:end].lower()):
            yield start + place


def _core(pattern: bytes) -> bytes:
    """Return the part of a pattern that ordinary text holds least, folded; no pattern is where it is not."""
    starts = range(max(1, len(pattern) - _CORE_BYTES + 1))
    cores = [pattern[start : start + _CORE_BYTES] for start in reversed(starts)]
    rarest = max(cores, key=lambda core: (core[:1] == b"\\", sum(not chr(byte).isalpha() for byte in core)))
    return bytes(np.frombuffer(rarest, np.uint8) | _FOLD)
