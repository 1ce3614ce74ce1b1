"""A remembered picture with its pixels packed: what a memory holds of it, here or elsewhere.

Of a screen most pixels are as the ones above them, and deflating the differences leaves an eighth; of a
photograph it would leave a good half and take longer than all else that is done to remember it, so it stays
as it is. Whoever looks at a picture unpacks it; the last ones that somebody looked at are held ready.
"""

import threading
import weakref
import zlib
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from calibration.image import Image
from gateway.memory.protocol import SeenPicture, kept_bytes

CHANNELS = 3
READY_BYTES = 32 * 1024 * 1024  # of unpacked pixels, in a process, beside what its memory holds
_LEAST_REPEATED = 0.5  # of the values, as the ones above them: screens .6 and more, photographs .1 to .55
_MOST_BYTES = 16 * 1024 * 1024  # unpacked: ten times and more what a picture has that is remembered
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
    unpacked: list[Image] = field(
        default_factory=list, repr=False
    )  # the picture, as long as it is held ready

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
            _ready.get(id(self))  # was looked at again
            ready = next(iter(self.unpacked), None)
        if ready is None:
            ready = Image(_inflated(self.pixels, self.height, self.width))
            with _ready_lock, suppress(ValueError):  # too large to be held ready
                _ready[id(self)] = weakref.ref(self)
                self.unpacked[:] = [ready]
        return ready


def _shaped(flat: bytes, height: int, width: int) -> npt.NDArray[np.uint8]:
    _check_size(height, width)
    if height * width * CHANNELS != len(flat):
        raise KeptPictureError(f"expected {height} x {width} pixels, got {len(flat)} bytes")
    return np.frombuffer(flat, np.uint8).reshape(height, width, CHANNELS)


def _inflated(packed: bytes, height: int, width: int) -> npt.NDArray[np.uint8]:
    _check_size(height, width)
    inflater = zlib.decompressobj()
    try:
        flat = inflater.decompress(packed, height * width * CHANNELS)  # and not what a bomb holds
    except zlib.error as error:
        raise KeptPictureError(f"expected deflated pixels: {error}") from error
    if inflater.decompress(inflater.unconsumed_tail, 1) or not inflater.eof or inflater.unused_data:
        raise KeptPictureError(f"expected {height} x {width} pixels deflated, and nothing else")
    return np.add.accumulate(_shaped(flat, height, width), axis=0, dtype=np.uint8)


def _check_size(height: int, width: int) -> None:
    if min(height, width) < 1 or height * width * CHANNELS > _MOST_BYTES:
        raise KeptPictureError(f"expected a picture of at most {_MOST_BYTES} bytes, got {height} x {width}")


class _Ready(LRUCache[int, "weakref.ref[KeptPicture]"]):
    """Which pictures hold their pixels unpacked, the last looked at; a forgotten one takes them with it."""

    def popitem(self) -> "tuple[int, weakref.ref[KeptPicture]]":
        """Have the one looked at longest ago give its pixels up."""
        key, kept = super().popitem()
        if (picture := kept()) is not None:
            picture.unpacked.clear()
        return key, kept


def _unpacked_bytes(kept: "weakref.ref[KeptPicture]") -> int:
    picture = kept()
    return 0 if picture is None else picture.height * picture.width * CHANNELS


_ready = _Ready(READY_BYTES, getsizeof=_unpacked_bytes)
_ready_lock = threading.Lock()
