"""A remembered picture with its pixels packed: what a memory holds of it, here or elsewhere.

Of a screen most pixels are as the ones above them, and deflating the differences leaves an eighth; of a
photograph it would leave a good half and take longer than all else that is done to remember it, so it stays
as it is. Whoever looks at a picture unpacks it; the last ones that somebody looked at are held ready.
"""

import threading
import zlib
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from calibration.image import Image
from gateway.memory.protocol import SeenPicture, kept_bytes

CHANNELS = 3
READY_BYTES = 32 * 1024 * 1024  # of unpacked pixels, in a process, beside what its memory holds
_LEAST_REPEATED = 0.5  # of the values, as the ones above them: screens .6 and more, photographs .1 to .55
_LEVEL = 1  # of zlib: higher ones take three times as long for a tenth


class KeptPictureError(ValueError):
    """The bytes are no packed picture of the size that is told."""


@dataclass(frozen=True, eq=False)
class KeptPicture:
    """One remembered picture."""

    fingerprint: int  # perceptual hash, 64 bits
    digest: bytes  # of the encoded bytes it came in
    height: int
    width: int
    pixels: bytes  # 8-bit RGB, row by row
    is_deflated: bool = False  # each row less the one above, and that deflated

    @classmethod
    def of(cls, seen: "SeenPicture | KeptPicture") -> "KeptPicture":
        """Pack a picture; one that is packed stays as it is."""
        if isinstance(seen, KeptPicture):
            return seen
        pixels = np.ascontiguousarray(seen.picture.pixels)
        height, width = pixels.shape[:2]
        below = pixels[1:] - pixels[:-1]  # modulo 256
        repeated = below.size - int(np.count_nonzero(below))
        is_deflated = repeated > _LEAST_REPEATED * below.size
        if is_deflated:
            packed = zlib.compress(np.concatenate((pixels[:1], below)).data, _LEVEL)
        else:
            packed = pixels.tobytes()
        return cls(seen.fingerprint, seen.digest, height, width, packed, is_deflated)

    @property
    def size_bytes(self) -> int:
        """Memory it holds."""
        return kept_bytes(len(self.pixels))

    @property
    def picture(self) -> Image:
        """The picture, shrunk, as it was remembered; not to be written to.

        Raises:
            KeptPictureError: The bytes are no such picture, or one of another size.
        """
        if not self.is_deflated:
            return Image(_shaped(self.pixels, self.height, self.width))
        with _ready_lock:
            ready = _ready.get(self)
        if ready is None:
            ready = Image(_inflated(self.pixels, self.height, self.width))
            with _ready_lock, suppress(ValueError):  # too large to be held ready
                _ready[self] = ready
        return ready


def _shaped(flat: bytes, height: int, width: int) -> npt.NDArray[np.uint8]:
    if min(height, width) < 1 or height * width * CHANNELS != len(flat):
        raise KeptPictureError(f"expected {height} x {width} pixels, got {len(flat)} bytes")
    return np.frombuffer(flat, np.uint8).reshape(height, width, CHANNELS)


def _inflated(packed: bytes, height: int, width: int) -> npt.NDArray[np.uint8]:
    inflater = zlib.decompressobj()
    try:
        flat = inflater.decompress(packed, max(1, height * width * CHANNELS))  # and not what a bomb holds
    except zlib.error as error:
        raise KeptPictureError(f"expected deflated pixels: {error}") from error
    if inflater.decompress(inflater.unconsumed_tail, 1) or not inflater.eof or inflater.unused_data:
        raise KeptPictureError(f"expected {height} x {width} pixels deflated, and nothing else")
    return np.add.accumulate(_shaped(flat, height, width), axis=0, dtype=np.uint8)


def _pixel_bytes(ready: Image) -> int:
    return int(ready.pixels.nbytes)


_ready: LRUCache[KeptPicture, Image] = LRUCache(READY_BYTES, getsizeof=_pixel_bytes)
_ready_lock = threading.Lock()
