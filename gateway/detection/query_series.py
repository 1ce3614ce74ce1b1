"""Evidence from a series: many pictures that are one known picture plus something spread over it.

Square, NES, HSJA, the boundary attack and their like ask a model again and again about one picture with
noise, stripes or patches added, whether or not people would see them. One such picture is weak evidence and
is not told; from the fifth within the memory's time on, each is flagged. That is a rule, without a p-value:
successive pictures are no sample that anybody could calibrate on. A still camera, a film, a screen that
goes on and copies of one picture add nothing to it: see `added_noise`.

Not found: queries around a picture that never came by itself and of which none became known; noise that the
sender's JPEG swallows; often, faint noise where the known picture was sent smaller than the queries.
"""

from collections.abc import Sequence

from calibration.image import Image
from gateway.detection.added_noise import remembering_measure
from gateway.detection.protocol import Examined
from gateway.detection.remembered import HASH_DISTANCE, distance, remembered_form
from gateway.detection.verdict import Evidence
from gateway.memory.kept_picture import KeptPicture
from gateway.memory.protocol import SeenPicture, SeenPictureStore
from predictor.residual.detector import codec_of

SERIES = 5  # pictures; attacks need hundreds, people who try a grain filter stop at a few
_NEIGHBOURS_BITS = 14  # of 64: two within `HASH_DISTANCE` of one picture differ in no more than 16


class QuerySeriesDetector:
    """Counts what its sender asks about one picture; stands before whoever remembers pictures."""

    def __init__(self, seen: SeenPictureStore) -> None:
        """Take the memory that the pictures seen before are in."""
        self._seen = seen

    def examine(self, examined: Examined) -> Evidence | None:
        """Compare with the nearest picture the tenant sent before, and count.

        Returns:
            None until there are enough for a series.
        """
        newcomer = examined.once(remembered_form)
        alike = self._seen.alike(examined.tenant, newcomer.fingerprint, HASH_DISTANCE)
        nearest = _nearest(newcomer, alike)
        if nearest is None:
            return None
        measure = examined.once(remembering_measure)
        found = measure(nearest, newcomer.picture, codec_of(examined.decoded.source))
        if found is None or not found.is_added:
            return None
        count = self._seen.mark(examined.tenant, newcomer.fingerprint, newcomer.digest, _NEIGHBOURS_BITS)
        if count < SERIES:
            return None
        explanation = (
            f"It is one of {count} pictures from this caller that are one known picture with something added "
            f"all over it ({found.levels:.1f} grey levels rms), as attacks send them that try out a model."
        )
        return Evidence("query_series", float(count), None, None, explanation, is_attack=True)


def _nearest(newcomer: SeenPicture, alike: Sequence[KeptPicture]) -> Image | None:
    """Choose whom to compare with; nobody, where the newcomer itself is known."""
    if any(earlier.digest == newcomer.digest for earlier in alike):
        return None
    known = [earlier.picture for earlier in alike]
    return min(known, key=lambda earlier: distance(earlier, newcomer.picture), default=None)
