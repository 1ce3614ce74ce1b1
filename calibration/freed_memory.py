"""Keep what a picture's arrays leave, for the next picture's.

A picture takes some dozens of arrays of several megabytes for some milliseconds each. Left to itself, glibc
gives them back to the kernel and asks for them again, and every page of that is a fault: measured here, the
larger part of the time a comparison takes.
"""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_ONE_ARRAY = 32 << 20  # bytes; glibc takes no more
_KEPT = 128 << 20  # bytes at the end of each heap


def keep_freed_memory() -> bool:
    """Have this process keep up to 128 MiB of freed memory a heap; False where the C library is another."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # musl
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _ONE_ARRAY)) and bool(mallopt(_M_TRIM_THRESHOLD, _KEPT))
