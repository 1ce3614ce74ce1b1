"""One picture with everything that binds what may become of it, and the versions of it that may be sent."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from calibration.encoders import reduce_to
from calibration.exif import LYING
from calibration.image import Decoded, Image, decode
from calibration.image_source import DecodeLimits, FormatName
from calibration.profile import JndProfile
from gateway.compression.picture_class import PictureClass, classify
from gateway.providers.limits import NO_LIMITS, OF_REQUESTS, Limits
from gateway.providers.sizes import Size


@dataclass(frozen=True, eq=False)
class Job:
    """One image with the rules that bind it; all sizes are those of the upright picture."""

    decoded: Decoded
    data: bytes
    profile: JndProfile
    formats: frozenset[FormatName]
    shown: Size  # to the model, of the picture as it came; pixels beyond it are wasted
    most: Size  # that the provider accepts
    most_bytes: int | None
    count_tokens: Callable[[Size], int]
    is_framed: bool  # coordinates are told of the picture: its frame must stay
    known_class: PictureClass | None = None  # None: nobody has looked yet
    limits: Limits = NO_LIMITS
    images: int = 1  # in the request, as far as limits depend on it
    resample: Callable[[Image, int, int], Image] = reduce_to  # to width and height, of the stored pixels

    @cached_property
    def source_size(self) -> Size:
        """The size as it came."""
        return Size(*self.decoded.whole_size)

    @cached_property
    def picture_class(self) -> PictureClass:
        """What kind of picture it is."""
        return self.known_class or classify(self.decoded)

    @property
    def is_too_large(self) -> bool:
        """Whether the provider refuses it as it is."""
        is_heavy = self.most_bytes is not None and len(self.data) > self.most_bytes
        return is_heavy or self.most != self.source_size

    @property
    def is_refused(self) -> bool:
        """Whether the provider takes no file of this kind, whatever its size."""
        return self.limits.refuses(self.decoded.source.format, frames=self.decoded.source.frames)

    @property
    def must_change(self) -> bool:
        """Whether the request fails with the picture as it is: what it would lose counts for less."""
        return self.is_too_large or self.is_refused

    def exceeded(self, size: Size, *, size_bytes: int) -> tuple[str, ...]:
        """Name the limits that a file of this size exceeds by itself, as `Limits.exceeded` does."""
        found = self.limits.exceeded(size, size_bytes=size_bytes, images=self.images)
        return tuple(name for name in found if name not in OF_REQUESTS)

    @property
    def decode_limits(self) -> DecodeLimits:
        """What another reading of the same bytes may spend: no more than the first."""
        source = self.decoded.source
        return DecodeLimits(max_bytes=len(self.data), max_pixels=source.width * source.height)

    def reread(self, version: bytes) -> Image:
        """Return the pixels of a version as they are stored; it may be as large as the picture was."""
        limits = DecodeLimits(max_bytes=len(version), max_pixels=self.decode_limits.max_pixels)
        return decode(version, limits).stored

    def tokens(self, size: Size) -> int:
        """Return what an image of this size costs."""
        return self.count_tokens(size)

    def stored_at(self, size: Size) -> Image:
        """Return the pixels as they are stored, turned and coloured as they came, at an upright size."""
        stored = self.stored_size(size)
        return self.resample(self.decoded.stored, stored.width, stored.height)

    def stored_size(self, size: Size) -> Size:
        """Return an upright size as it is before the picture is turned."""
        is_on_its_side = self.decoded.source.orientation in LYING
        return Size(size.height, size.width) if is_on_its_side else size


@dataclass(frozen=True, eq=False)
class Candidate:
    """Encoded bytes that may be sent."""

    data: bytes
    format: FormatName
    quality: int | None  # None: no pixel is changed by the codec
    size: Size  # upright
    probability: float
    is_complete: bool = False  # what must travel with the pixels is in it
