"""Find 64-bit hashes that differ in few bits without looking at all of them.

Multi-index hashing (Norouzi et al., 2012): of four bands of 16 bits, one differs in no more than a quarter of
the bits. Knows nothing of what the hashes are of.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

_BAND_BITS = 16
_BANDS = 4
_MOST_FLIPS = 2  # of a band: beyond them the lookups are more than the hashes are
_ALL = (1 << _BAND_BITS) - 1

Key = tuple[int, bytes]  # hash, whose


class HashIndex:
    """Hashes by their bands; not locked."""

    def __init__(self) -> None:
        self._keys: dict[int, dict[Key, None]] = {}  # by band's number and value

    def add(self, key: Key) -> None:
        """Have a key found by its hash."""
        for band in _bands(key[0]):
            self._keys.setdefault(band, {})[key] = None

    def remove(self, key: Key) -> None:
        """Have it found no more.

        Raises:
            KeyError: It is not there.
        """
        for band in _bands(key[0]):
            alike = self._keys[band]
            del alike[key]
            if not alike:
                del self._keys[band]

    def near(self, fingerprint: int, most_bits: int, every: Iterable[Key]) -> list[tuple[int, Key]]:
        """Return (bits that differ, key) of whatever differs in few bits, the nearest first.

        `every` holds all keys: they are gone through where that is quicker.
        """
        flips = _FLIPS.get(most_bits // _BANDS)
        if flips is None or len(self._keys) < len(flips) * _BANDS:
            candidates = every
        else:
            candidates = self._candidates(fingerprint, flips)
        distances = (((key[0] ^ fingerprint).bit_count(), key) for key in candidates)
        found = [(bits, key) for bits, key in distances if bits <= most_bits]
        return sorted(found, key=lambda item: item[0])

    def _candidates(self, fingerprint: int, flips: list[int]) -> dict[Key, None]:
        found: dict[Key, None] = {}
        for band in _bands(fingerprint):
            for flip in flips:
                alike = self._keys.get(band ^ flip)
                if alike is not None:
                    found.update(alike)
        return found


def _bands(fingerprint: int) -> Iterator[int]:
    for number in range(_BANDS):
        yield number << _BAND_BITS | fingerprint >> number * _BAND_BITS & _ALL


def _masks(most: int) -> list[int]:
    return [
        sum(1 << bit for bit in bits)
        for count in range(most + 1)
        for bits in combinations(range(_BAND_BITS), count)
    ]


_FLIPS = {most: _masks(most) for most in range(_MOST_FLIPS + 1)}
