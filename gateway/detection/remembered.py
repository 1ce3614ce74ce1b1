"""Bring a picture to the form in which pictures seen before are kept and found again."""

import cv2
import imagehash
import numpy as np

from calibration.image import Image, fit_within, resize, to_pillow
from gateway.detection.protocol import Examined
from gateway.memory.protocol import SeenPicture

REFERENCE_SIDE = 512  # pixels: longer side of what is kept
HASH_DISTANCE = 8  # of 64 bits


def remembered_form(examined: Examined) -> SeenPicture:
    """Shrink and fingerprint a picture."""
    small = fit_within(examined.decoded.image, REFERENCE_SIDE)
    return SeenPicture(small, _fingerprint(small), examined.digest)


def distance(first: Image, second: Image) -> float:
    """Mean difference in grey levels, the second brought to the first's size."""
    fitted = resize(second, first.width, first.height, "area").pixels
    return float(cv2.norm(first.pixels, fitted, cv2.NORM_L1)) / fitted.size


def _fingerprint(image: Image) -> int:
    """Perceptual hash: signs of the 64 lowest frequencies."""
    bits = np.asarray(imagehash.phash(to_pillow([image])[0]).hash, dtype=bool).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
