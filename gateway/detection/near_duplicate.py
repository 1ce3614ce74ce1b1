"""Evidence from what this caller sent before: the same picture, come back changed by more than a codec.

A picture seen for the first time tells nothing. A copy that was edited is not remembered, so it cannot become
the original it is compared with. What is remembered, and for how long, is the store's affair.
"""

import imagehash
import numpy as np

from calibration.image import Image, fit_within, to_pillow
from gateway.detection.protocol import Examined
from gateway.detection.reference import compare_versions
from gateway.detection.same_picture import is_same_picture
from gateway.detection.verdict import Evidence
from gateway.memory.protocol import SeenPicture, SeenPictureStore
from predictor.predict import PairError, Predictor

REFERENCE_SIDE = 512  # pixels: longer side of what is kept
HASH_DISTANCE = 8  # of 64 bits


class NearDuplicateDetector:
    """Compares newcomers with what their sender sent before."""

    def __init__(self, predictor: Predictor, seen: SeenPictureStore) -> None:
        self._predictor = predictor
        self._seen = seen

    def examine(self, examined: Examined) -> Evidence | None:
        """Compare with what the tenant sent before; remember the picture if it is new.

        Returns:
            None when nothing alike was seen, or exactly this; else how the two differ.
        """
        small = fit_within(examined.decoded.image, REFERENCE_SIDE)
        newcomer = SeenPicture(small, _fingerprint(small), examined.digest)
        for earlier in self._seen.alike(examined.tenant, newcomer.fingerprint, HASH_DISTANCE):
            if earlier.digest == newcomer.digest:
                return None
            if is_same_picture(earlier.picture, small):
                return self._compare(earlier.picture, examined)
        self._seen.remember(examined.tenant, newcomer)
        return None

    def _compare(self, original: Image, examined: Examined) -> Evidence | None:
        if np.array_equal(original.pixels, examined.decoded.image.pixels):
            return None
        try:
            return compare_versions(
                "near_duplicate", original, examined.decoded, self._predictor, examined.profile
            )
        except PairError:
            return None


def _fingerprint(image: Image) -> int:
    """Perceptual hash: signs of the 64 lowest frequencies."""
    bits = np.asarray(imagehash.phash(to_pillow([image])[0]).hash, dtype=bool).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
