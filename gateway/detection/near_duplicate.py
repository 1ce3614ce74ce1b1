"""Evidence from what this caller sent before: the same picture, come back changed by more than a codec.

A picture seen for the first time tells nothing. A copy in which something is hidden is not remembered, so it
cannot become the original it is compared with, nor can one that `query_series` has marked; one that people
see to be changed is a picture of its own.
What is remembered, and for how long, is the store's affair.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from calibration.image import Image
from gateway.detection.added_noise import remembering_measure
from gateway.detection.known_edits import Compared
from gateway.detection.protocol import Examined
from gateway.detection.remembered import HASH_DISTANCE, distance, remembered_form
from gateway.detection.same_picture import is_same_picture
from gateway.detection.shown_before import was_shown
from gateway.detection.verdict import Evidence
from gateway.detection.versions import compare_versions
from gateway.memory.kept_picture import KeptPicture
from gateway.memory.protocol import SeenPicture, SeenPictureStore
from predictor.predict import PairError, Predictor
from predictor.residual.detector import codec_of

_DOUBT = 0.05  # p-value, up to which earlier versions are asked too


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
        newcomer = examined.once(remembered_form)
        alike = self._seen.alike(examined.tenant, newcomer.fingerprint, HASH_DISTANCE)
        if any(earlier.digest == newcomer.digest for earlier in alike):
            return None
        known = [earlier.picture for earlier in alike]
        original = _nearest(newcomer.picture, known)
        if original is None:
            return self._met(newcomer, examined)
        found = self._compare(original, examined, known)
        if found is not None and found.is_visible:  # a screen that went on: what follows is compared with it
            self._seen.remember(examined.tenant, KeptPicture.of(newcomer))
        return found

    def _met(self, newcomer: SeenPicture, examined: Examined) -> Evidence | None:
        """Remember a new picture; compare it with whoever was remembered meanwhile, by another thread."""
        self._seen.remember(examined.tenant, KeptPicture.of(newcomer))
        alike = self._seen.alike(examined.tenant, newcomer.fingerprint, HASH_DISTANCE)
        others = [earlier.picture for earlier in alike if earlier.digest != newcomer.digest]
        original = _nearest(newcomer.picture, others)
        return None if original is None else self._compare(original, examined, others)

    def _compare(self, original: Image, examined: Examined, known: Sequence[Image]) -> Evidence | None:
        if np.array_equal(original.pixels, examined.decoded.image.pixels):
            return None
        small, noise = examined.once(remembered_form).picture, examined.once(remembering_measure)
        codec = codec_of(examined.decoded.source)
        compared = Compared.of(original, examined.decoded.image, codec, small=small, noise=noise)
        try:
            found = compare_versions(
                "near_duplicate",
                original,
                examined.decoded,
                self._predictor,
                examined.profile,
                compared=compared,
            )
        except PairError:
            return None
        is_unlikely = found.p_value is not None and found.p_value <= _DOUBT
        if found.is_visible or not (found.is_attack or is_unlikely):
            return found
        earlier = [each.pixels for each in known if each is not original]
        if was_shown(compared.version, original, compared.change.places, earlier):
            return replace(
                found,
                p_value=None,
                is_attack=False,
                is_visible=compared.change.share > 0.0,
                explanation="It is a known picture; what differs unseen from the last was shown before.",
                boxes=(),
            )
        return found


def _nearest(small: Image, known: Sequence[Image]) -> Image | None:
    """Choose the version that differs least: of successive screens, mostly the latest."""
    same = [earlier for earlier in known if is_same_picture(earlier, small)]
    return min(same, key=lambda earlier: distance(earlier, small), default=None)
