"""Find a picture that one caller sends again and again, each time resized a little differently.

Attacks that hide what they add behind another size for every query look so: what they add is faint, and the
kernels' own differences drown it. Web pages ask for a picture in widths far apart, people try a few sizes,
and crops that follow something through a film show other parts of it: none of these is found. Nor are
pictures larger than those that are remembered, which come back at one size.
"""

import hashlib
from collections.abc import Iterator
from math import floor, log

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, Kernel, resize
from gateway.memory.protocol import SeenPicture, SeenPictureStore

MANY = 12  # sizes; whoever prepares a page has fewer so close together
_FACTOR = 2.2  # between the smallest and the largest of sizes that are counted together
_MOST_LEVELS = 3.0  # grey levels, median of the calmer half: what kernels leave is 0 to 2
_LEAST_IN_PLACE = (
    0.7  # correlation of detail on busy ground: kernels' .9 and more, crops by 4 pixels .5 and less
)
_KERNELS: tuple[Kernel, ...] = ("area", "bicubic", "bilinear")


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
    """Tell whether one is the other at another scale, and nothing else: no crop, no other take."""
    small, large = sorted((original, version), key=lambda image: image.width * image.height)
    if small.width == large.width or abs(small.height - large.height * small.width / large.width) > 1:
        return False
    fitted = [resize(large, small.width, small.height, kernel).pixels for kernel in _KERNELS]
    best = min(fitted, key=lambda pixels: cv2.norm(pixels, small.pixels, cv2.NORM_L1))
    details = [_detail(pixels) for pixels in (best, small.pixels)]
    busy = cv2.blur(np.abs(details[1]), (9, 9))
    is_calm = busy <= np.median(busy)
    difference = cv2.absdiff(best, small.pixels).max(axis=2)
    if float(np.median(difference[is_calm])) > _MOST_LEVELS:
        return False
    first, second = (detail[~is_calm] for detail in details)
    energy = float(np.square(first).sum() * np.square(second).sum()) ** 0.5
    return bool((first * second).sum() >= _LEAST_IN_PLACE * max(energy, 1e-6))


def _detail(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(grey - cv2.blur(grey, (9, 9)), dtype=np.float32)


def _neighbourhoods(width: int) -> Iterator[bytes]:
    """Name two ranges of widths, half overlapping: sizes within the root of `_FACTOR` share one at least."""
    place = log(width) / log(_FACTOR)
    for shift in (0.0, 0.5):
        yield f"sizes {shift} {floor(place + shift)}".encode()
