"""Find a picture that one caller sends again and again, each time resized a little differently.

Attacks that hide what they add behind another size for every query look so: what they add is faint, and the
kernels' own differences drown it. Web pages ask for a picture in widths far apart, people try a few sizes,
and crops that follow something through a film keep its scale: none of these is found.
"""

import hashlib
from collections.abc import Iterator
from math import floor, log

import cv2
import numpy as np

from calibration.image import Image
from gateway.detection.alignment import overlay
from gateway.memory.protocol import SeenPicture, SeenPictureStore

MANY = 12  # sizes; whoever prepares a page has fewer so close together
_FACTOR = 2.2  # between the smallest and the largest of sizes that are counted together
_MOST_LEVELS = 3.0  # grey levels, median of the calmer half: what kernels leave is 0 to 2


def count_sizes(
    store: SeenPictureStore, tenant: str, known: SeenPicture, newcomer: Image, most_bits: int
) -> int:
    """Note the size at which a known picture came again; return at how many close to it it came by now."""
    size = f"{newcomer.width}x{newcomer.height}".encode()
    counts = []
    for name in _neighbourhoods(newcomer.width):
        digest = hashlib.sha256(name + known.digest + size).digest()
        # Far from all hashes of pictures, and from those of other neighbourhoods.
        apart = int.from_bytes(hashlib.sha256(name).digest()[:8], "big")
        counts.append(store.mark(tenant, known.fingerprint ^ apart, digest, most_bits))
    return max(counts)


def is_only_resized(original: Image, version: Image) -> bool:
    """Tell whether one is the other at another scale, and nothing else: no other take, nothing drawn in."""
    if (original.width, original.height) == (version.width, version.height):
        return False
    laid = overlay(original, version)
    if laid is None or laid.is_exact or not laid.covered.any():
        return False
    difference = cv2.absdiff(laid.pixels, version.pixels).max(axis=2)[laid.covered]
    grey = cv2.cvtColor(version.pixels, cv2.COLOR_RGB2GRAY)
    busy = cv2.blur(np.abs(cv2.Laplacian(grey, cv2.CV_32F)), (9, 9))[laid.covered]
    return float(np.median(difference[busy <= np.median(busy)])) <= _MOST_LEVELS


def _neighbourhoods(width: int) -> Iterator[bytes]:
    """Name two ranges of widths, half overlapping: sizes within the root of `_FACTOR` share one at least."""
    place = log(width) / log(_FACTOR)
    for shift in (0.0, 0.5):
        yield f"sizes {shift} {floor(place + shift)}".encode()
