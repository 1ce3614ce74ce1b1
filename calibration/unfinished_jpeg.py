"""Judge a JPEG without an end: is what is missing worth mentioning?

Decoders fill the place of missing data with grey, or with what an earlier scan left there, and say nothing.
"""

from collections.abc import Callable, Iterator

import numpy as np

from calibration.containers import jpeg_file, jpeg_scans

END_OF_IMAGE = b"\xff\xd9"
_LEAST_ROWS = 7 / 8
_FILLER = bytes(1 + (n * n * 31 + n * 7) % 251 for n in range(4_096))  # no marker among them
_ALL_COEFFICIENTS = (1 << 64) - 1
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})  # markers of frames
_NEVER = 16  # bits: more than any scan leaves out


def finished(data: bytes, row_sums: Callable[[bytes], list[int]]) -> bytes | None:
    """Return a JPEG with its end put back; None where scans or much of the last one are missing.

    Args:
        data: A JPEG without its end.
        row_sums: Decodes a JPEG to a checksum of each row of its pixels.
    """
    if not _has_every_scan(data):
        return None
    whole = data + END_OF_IMAGE
    # What is there decodes the same whatever follows; in the place of what is missing, decoders show that.
    as_it_is, filled = row_sums(whole), row_sums(data + _FILLER + END_OF_IMAGE)
    differs = np.flatnonzero(np.not_equal(as_it_is, filled))
    return whole if not differs.size or differs[0] >= _LEAST_ROWS * len(as_it_is) else None


def missing_bits(data: bytes) -> int | None:
    """Return how many of its last bits some coefficient of luma lacks in a JPEG without an end.

    None where a coefficient is missing altogether. Of a progressive one, the scan at its end is taken for
    unfinished, and does not count; of any other, all is there down to the row where it breaks off.
    """
    file = jpeg_file(data)
    if file.frame is None:
        return None
    if file.frame[0] not in _PROGRESSIVE:
        return 0
    left = dict.fromkeys(range(64), _NEVER)
    for header in list(jpeg_scans(file.scans))[:-1]:
        count = header[0] if header else 0
        if len(header) < 4 + 2 * count or file.luma not in list(header[1 : 1 + 2 * count : 2]):
            continue
        first, last, approximation = header[1 + 2 * count : 4 + 2 * count]
        left.update(dict.fromkeys(range(first, min(last, 63) + 1), approximation & 0x0F))
    worst = max(left.values())
    return None if worst == _NEVER else worst


def _has_every_scan(data: bytes) -> bool:
    """Whether some scan brings every coefficient of every component to its last bit."""
    file = jpeg_file(data)
    if file.frame is None:
        return False
    seen: dict[int, int] = {}
    for components, coefficients in _final_coefficients(file.scans):
        for component in components:
            seen[component] = seen.get(component, 0) | coefficients
    return len(seen) == file.frame[2] and all(bits == _ALL_COEFFICIENTS for bits in seen.values())


def _final_coefficients(scans: bytes) -> Iterator[tuple[bytes, int]]:
    """Give each scan's components and, as bits, the coefficients that it leaves complete."""
    for header in jpeg_scans(scans):
        count = header[0] if header else 0
        if len(header) < 4 + 2 * count:
            return
        first, last, approximation = header[1 + 2 * count : 4 + 2 * count]
        if approximation & 0x0F == 0 and first <= last <= 63:
            yield header[1 : 1 + 2 * count : 2], (1 << (last + 1)) - (1 << first)
