"""List where Redis has the 64-bit hashes that differ in few bits; `hash_index` does it in memory.

Six bands of 11, 11 and 10 bits, twice: in hashes that differ in up to 11 bits, one band differs in one at
most. Fewer lookups than with four bands of 16 bits, and each of them costs more there.
"""

from functools import lru_cache
from itertools import combinations

import numpy as np

_BITS = (11, 11, 10, 11, 11, 10)  # of each band, the highest first; scripts/shelf.lua knows them too
_SHIFTS = (53, 42, 32, 21, 10, 0)
_MOST_FLIPS = 2  # of a band: beyond them the lookups are more than the hashes are


def bands_near(fingerprint: int, most_bits: int) -> bytes:
    """Return 2 bytes for each band to look into, its number and its value; the likeliest come first.

    Nothing where lookups would be more than hashes: then all have to be gone through.
    """
    flips = most_bits // len(_BITS)
    if flips > _MOST_FLIPS:
        return b""
    numbers, masks = _masks(flips)
    own = [fingerprint >> shift & (1 << bits) - 1 for shift, bits in zip(_SHIFTS, _BITS, strict=True)]
    values = np.array(own, np.uint16)[numbers] ^ masks
    return (numbers << 11 | values).astype(">u2").tobytes()


@lru_cache
def _masks(most_flips: int) -> tuple["np.ndarray[tuple[int], np.dtype[np.uint16]]", ...]:
    """Return the number of a band and the bits flipped in it, for every lookup."""
    pairs = [
        (number, sum(1 << bit for bit in flipped))
        for count in range(most_flips + 1)
        for number, bits in enumerate(_BITS)
        for flipped in combinations(range(bits), count)
    ]
    table = np.array(pairs, np.uint16)
    return table[:, 0].copy(), table[:, 1].copy()
