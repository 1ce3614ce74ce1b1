"""Find files that are put together so that readers choose between two pictures.

Only contradictions that no encoder writes and lenient readers pass over: headers or palettes given twice,
picture data in two places, two pictures where the format has one.
"""

from collections import Counter
from collections.abc import Iterator

from calibration.containers import MOST_PARTS, container_of, png_chunks, webp_chunks

_PNG_ONCE = frozenset(
    {b"IHDR", b"PLTE", b"IEND", b"acTL", b"iCCP", b"gAMA", b"cHRM", b"sRGB", b"eXIf", b"tRNS"}
)
_WEBP_PICTURES = frozenset({b"VP8 ", b"VP8L"})


def odd_structure(data: bytes) -> str | None:
    """Say what stands in a PNG or WebP more than once; None where nothing does."""
    match container_of(data):
        case "png":
            return next(_of_png([part.kind for part in png_chunks(data)]), None)
        case "webp":
            pictures = sum(part.kind in _WEBP_PICTURES for part in webp_chunks(data))
            return "two pictures where one is allowed" if pictures > 1 else None
    return None


def _of_png(kinds: list[bytes]) -> Iterator[str]:
    counts = Counter(kinds)
    if len(kinds) >= MOST_PARTS:
        yield "more chunks than anybody looks at"
    for kind in sorted(_PNG_ONCE):
        if counts[kind] > 1:
            yield f"its chunk {kind.decode('ascii')} twice"
    places = [number for number, kind in enumerate(kinds) if kind == b"IDAT"]
    if places and places[-1] - places[0] + 1 > len(places):
        yield "picture data in two places"
