"""Evidence from what this caller sent before: the same picture, come back changed by more than a codec.

Keeps a perceptual hash and a shrunk copy of each new picture, per tenant, in memory, for a while and within
a byte budget. A picture seen for the first time tells nothing. A copy that was edited is not remembered, so
it cannot become the original it is compared with.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import imagehash
import numpy as np
import numpy.typing as npt

from calibration.image import Decoded, Image, fit_within, to_pillow
from calibration.profile import JndProfile
from gateway.detection.verdict import Evidence
from predictor.predict import PairError, Predictor
from predictor.residual.detector import codec_of

REFERENCE_SIDE = 512  # pixels: longer side of what is kept
_HASH_DISTANCE = 8  # of 64 bits
_GRID = 16  # blocks a side when asking whether two pictures are the same
_BLOCK_TOLERANCE = 14.0  # grey levels between block means
_SAME_SHARE = 0.7  # of the blocks
_DETAIL_SIDE = 128  # pixels
_DETAIL_CORRELATION = 0.5
_ENTRY_OVERHEAD_BYTES = 512


@dataclass(frozen=True, eq=False)
class _Seen:
    """One remembered picture."""

    picture: Image
    fingerprint: int
    data_hash: bytes
    expires: float

    @property
    def size_bytes(self) -> int:
        return int(self.picture.pixels.nbytes) + _ENTRY_OVERHEAD_BYTES


class NearDuplicates:
    """Remembers pictures per tenant and compares newcomers with them; safe to use from several threads."""

    def __init__(
        self,
        max_entries: int,
        ttl_seconds: float,
        clock: Callable[[], float],
        *,
        max_bytes: int = 128 * 1024 * 1024,
    ) -> None:
        """Bound the memory by count, age and bytes, over all tenants; the longest unused goes first."""
        if max_entries < 1 or ttl_seconds <= 0 or max_bytes < 1:
            raise ValueError("expected positive bounds of entries, seconds and bytes")
        self._max_entries = max_entries
        self._ttl_seconds = ttl_seconds
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, bytes], _Seen] = OrderedDict()
        self._size_bytes = 0

    def __len__(self) -> int:
        with self._lock:
            return len(self._seen)

    @property
    def size_bytes(self) -> int:
        """Memory held by the remembered pictures."""
        with self._lock:
            return self._size_bytes

    def look(
        self, decoded: Decoded, data_hash: bytes, tenant: str, predictor: Predictor, profile: JndProfile
    ) -> Evidence | None:
        """Compare with what the tenant sent before; remember the picture if it is new.

        Returns:
            None when nothing alike was seen, or exactly this; else how the two differ.
        """
        small = fit_within(decoded.image, REFERENCE_SIDE)
        fingerprint = _fingerprint(small)
        for earlier in self._candidates(tenant, fingerprint):
            if earlier.data_hash == data_hash:
                return None
            if is_same_picture(earlier.picture, small):
                return self._compare(earlier.picture, decoded, predictor, profile)
        self._remember(tenant, _Seen(small, fingerprint, data_hash, self._clock() + self._ttl_seconds))
        return None

    def _compare(
        self, original: Image, decoded: Decoded, predictor: Predictor, profile: JndProfile
    ) -> Evidence | None:
        if np.array_equal(original.pixels, decoded.image.pixels):
            return None
        try:
            return compare_versions("near_duplicate", original, decoded, predictor, profile)
        except PairError:
            return None

    def _candidates(self, tenant: str, fingerprint: int) -> list[_Seen]:
        """Return the tenant's pictures of similar hash, nearest first, and mark them as used."""
        with self._lock:
            self._forget_old()
            near = [
                ((seen.fingerprint ^ fingerprint).bit_count(), key)
                for key, seen in self._seen.items()
                if key[0] == tenant
            ]
            keys = [
                key for distance, key in sorted(near, key=lambda item: item[0]) if distance <= _HASH_DISTANCE
            ]
            for key in keys:
                self._seen.move_to_end(key)
            return [self._seen[key] for key in keys]

    def _remember(self, tenant: str, seen: _Seen) -> None:
        if seen.size_bytes > self._max_bytes:
            return
        with self._lock:
            key = (tenant, seen.data_hash)
            replaced = self._seen.pop(key, None)
            self._size_bytes += seen.size_bytes - (replaced.size_bytes if replaced else 0)
            self._seen[key] = seen
            while len(self._seen) > self._max_entries or self._size_bytes > self._max_bytes:
                _, oldest = self._seen.popitem(last=False)
                self._size_bytes -= oldest.size_bytes

    def _forget_old(self) -> None:
        now = self._clock()
        for key in [key for key, seen in self._seen.items() if seen.expires <= now]:
            self._size_bytes -= self._seen.pop(key).size_bytes


def compare_versions(
    kind: str, original: Image, decoded: Decoded, predictor: Predictor, profile: JndProfile
) -> Evidence:
    """Say whether a version of a picture was edited beyond re-encoding, and how large that is to the model.

    Raises:
        PairError: The two have different shapes.
    """
    finding = predictor.reencoding(original, decoded.image, codec_of(decoded.source))
    ratio = predictor.notice(original, decoded.image, profile).jnd_ratio
    seen = "would not notice" if ratio < 1.0 else "would notice"
    if finding.p_value > 0.05:
        explanation = (
            "It is a known picture, stored differently: the difference is what codecs and resizing cause."
        )
    else:
        explanation = (
            f"It is a known picture with something changed that re-encoding does not explain "
            f"({finding.unexplained:.1f} grey levels rms); at {ratio:.2f} JND the model {seen} the change."
        )
    return Evidence(kind, finding.score, finding.p_value, ratio, explanation)


def is_same_picture(first: Image, second: Image) -> bool:
    """Tell a changed copy from another picture of similar hash: most coarse blocks must agree."""
    if abs(np.log(first.width * second.height / (first.height * second.width))) > 0.03:
        return False
    coarse = [_squeezed(image, _GRID) for image in (first, second)]
    distance = np.abs(coarse[0] - coarse[1]).max(axis=2)
    if (distance <= _BLOCK_TOLERANCE).mean() < _SAME_SHARE:
        return False
    details = [_detail(_squeezed(image, _DETAIL_SIDE)) for image in (first, second)]
    energies = [float((detail * detail).mean()) for detail in details]
    if max(energies) < 1.0:  # both flat: nothing but the coarse blocks to compare
        return True
    shared = float((details[0] * details[1]).mean())
    return shared >= _DETAIL_CORRELATION * float(np.sqrt(energies[0] * energies[1]))


def _squeezed(image: Image, side: int) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.resize(image.pixels, (side, side), interpolation=cv2.INTER_AREA), dtype=np.float32)


def _detail(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    grey = pixels.mean(axis=2)
    return np.asarray(grey - cv2.blur(grey, (9, 9)), dtype=np.float32)


def _fingerprint(image: Image) -> int:
    """Perceptual hash: signs of the 64 lowest frequencies."""
    bits = np.asarray(imagehash.phash(to_pillow([image])[0]).hash, dtype=bool).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
