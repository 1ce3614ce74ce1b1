"""Which photographs the critic never learns from, told by their names alone.

Fixed before anything was measured: a third of the names, by their hash, is kept for the benchmark. The rest
is split into fifths for cross-validation the same way.
"""

import hashlib

FOLDS = 5


def is_held_out(name: str) -> bool:
    """Tell whether the picture of this file name is kept for the benchmark: one name in three."""
    return _hash(name) % 3 == 0


def fold_of(name: str) -> int:
    """Return which fold, 0 to `FOLDS` - 1, a picture of the other two thirds belongs to."""
    return _hash(name) // 3 % FOLDS


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
