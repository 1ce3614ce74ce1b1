"""One picture with everything that binds what may become of it, and the versions of it that may be sent."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from calibration.encoders import reduce_to
from calibration.image import Decoded, Image
from calibration.image_source import FormatName
from calibration.profile import JndProfile
from gateway.compression.picture_class import PictureClass, classify
from gateway.providers.sizes import Size

_QUARTER_TURNS = (5, 6, 7, 8)  # orientations under which width and height change places


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
    resample: Callable[[Image, int, int], Image] = reduce_to  # to width and height, of the stored pixels

    @cached_property
    def source_size(self) -> Size:
        """The size as it came."""
        return Size(self.decoded.image.width, self.decoded.image.height)

    @cached_property
    def picture_class(self) -> PictureClass:
        """What kind of picture it is."""
        return classify(self.decoded)

    @property
    def is_too_large(self) -> bool:
        """Whether the provider refuses it as it is."""
        is_heavy = self.most_bytes is not None and len(self.data) > self.most_bytes
        return is_heavy or self.most != self.source_size

    def tokens(self, size: Size) -> int:
        """Return what an image of this size costs."""
        return self.count_tokens(size)

    def stored_at(self, size: Size) -> Image:
        """Return the pixels as they are stored, turned and coloured as they came, at an upright size."""
        width, height = size.width, size.height
        if self.decoded.source.orientation in _QUARTER_TURNS:
            width, height = height, width
        return self.resample(self.decoded.stored, width, height)


@dataclass(frozen=True, eq=False)
class Candidate:
    """Encoded bytes that may be sent."""

    data: bytes
    format: FormatName
    quality: int | None  # None: no pixel is changed by the codec
    size: Size  # upright
    probability: float
