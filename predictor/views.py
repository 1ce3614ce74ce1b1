"""Bring a pair of pictures to what the model sees of it.

A model with a known input side sees the whole picture squashed into a square (`Viewer`). A model that tiles,
or is unknown, sees every pixel it is shown, as people do: it is judged by tiles at full size and by the whole
at half size, both together (`FullSizeViewer`). To tell where such a model would look, `Viewer` has the whole
shrunk to a common size and the full-size tile with the greatest difference.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from calibration.encoders import halve, reduce_to
from calibration.image import Image, resize
from calibration.profile import JndProfile

WHOLE_SIDE = 192  # pixels: longer side at which an unknown model's view of the whole picture is judged
NATIVE_SIDE = 1568  # pixels: longer side to which a picture is reduced before its worst tile is looked for
MAX_ASPECT_DIFFERENCE = 0.02
TILE, TILES_A_SIDE = 128, 4  # pixels; at full size, evenly spaced, whatever the pictures show
_FLATTEST = 64  # longer over shorter side beyond which a picture is judged squashed


class PairError(ValueError):
    """The two pictures cannot be compared: they are not the same picture's shape."""


@dataclass(frozen=True)
class Place:
    """Where a view lies within the picture, in shares of its sides."""

    left: float
    top: float
    width: float
    height: float


EVERYWHERE = Place(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False)
class ReferenceView:
    """What the model sees of a reference: the whole is one object for all its candidates."""

    image: Image


@dataclass(frozen=True, eq=False)
class PairView:
    """A reference and its candidate, pixel on pixel, as the model sees them; same size."""

    seen: ReferenceView
    distorted: Image
    place: Place = EVERYWHERE

    @property
    def reference(self) -> Image:
        """The reference's pixels in this view."""
        return self.seen.image

    def swapped(self) -> "PairView":
        """Return the same view with the candidate taken for the reference."""
        return PairView(ReferenceView(self.distorted), self.reference, self.place)


class Viewer:
    """One reference, ready to be compared with many candidates."""

    def __init__(self, reference: Image, profile: JndProfile) -> None:
        self._reference = reference
        self._side = profile.input_side
        self._whole = ReferenceView(self._show_whole(reference))
        tiled = self._side is None and max(reference.width, reference.height) > WHOLE_SIDE
        self._native = reduce(reference, *_fit(reference, NATIVE_SIDE)) if tiled else None

    def views(self, distorted: Image) -> list[PairView]:
        """Return the views in which the model could notice a difference; as many for every candidate.

        Raises:
            PairError: The aspect ratios differ by more than 2 % (and by more than a pixel of the smaller).
        """
        check_aspect(self._reference, distorted)
        views = [PairView(self._whole, self._show_whole(distorted))]
        if self._native is not None:
            views.append(_worst_tile(self._native, distorted))
        return views

    def _show_whole(self, image: Image) -> Image:
        if self._side is not None:
            return model_view(image, self._side)
        return reduce(image, *_fit(self._reference, WHOLE_SIDE))


class FullSizeViewer:
    """One reference as people see it, every pixel, ready to be compared with many candidates."""

    def __init__(self, reference: Image) -> None:
        self._reference = reference
        self._width, self._height = _fit(reference, NATIVE_SIDE)
        shown = reduce(reference, self._width, self._height)
        self._tiles, self._whole = (ReferenceView(image) for image in _full_size(shown))

    @property
    def reference_views(self) -> tuple[ReferenceView, ReferenceView]:
        """What is seen of the reference: the full-size tiles, and the whole at half size."""
        return self._tiles, self._whole

    @property
    def pixels(self) -> int:
        """How many the reference has."""
        return self._reference.width * self._reference.height

    def views(self, distorted: Image) -> tuple[PairView, PairView]:
        """Return the full-size tiles and the whole at half size: one sight, to be judged together.

        Raises:
            PairError: The aspect ratios differ by more than 2 % (and by more than a pixel of the smaller).
        """
        check_aspect(self._reference, distorted)
        tiles, whole = _full_size(reduce(distorted, self._width, self._height))
        return PairView(self._tiles, tiles), PairView(self._whole, whole)


def _full_size(shown: Image) -> tuple[Image, Image]:
    """Return tiles at full size, put together to one picture, and the whole at half size.

    A picture of up to 512 pixels a side is its own tiles; of a larger one 512 x 512 pixels at most are looked
    at closely, for the time that all would take. Where the tiles lie is nobody's choice, so that no
    candidate is judged elsewhere than another.
    """
    rows, columns = _evenly_spaced(shown.height), _evenly_spaced(shown.width)
    is_all = (len(rows), len(columns)) == (shown.height, shown.width)
    tiles = shown if is_all else Image(np.ascontiguousarray(shown.pixels[rows][:, columns]))
    half = reduce(shown, max(1, shown.width // 2), max(1, shown.height // 2))
    return tiles, half


@lru_cache(maxsize=64)
def _evenly_spaced(length: int) -> npt.NDArray[np.intp]:
    """Return which rows or columns of so many are looked at: four strips, the outer at the ends."""
    if length <= TILE * TILES_A_SIDE:
        return np.arange(length)
    starts = np.linspace(0, length - TILE, TILES_A_SIDE).round().astype(np.intp)
    return (starts[:, None] + np.arange(TILE)).ravel()


def model_view(image: Image, side: int) -> Image:
    """Squash into a square as a model's processor does: bicubic, antialiased."""
    return shrink(image, side, side)


def shrink(image: Image, width: int, height: int) -> Image:
    """Resample as Pillow's bicubic does; much larger pictures are first halved, which is faster."""
    return resize(halve(image, width, height, least=4), width, height, "bicubic")


def reduce(image: Image, width: int, height: int) -> Image:
    """Average over areas, for a model whose own resampling is not known; enlarge by Pillow's bicubic."""
    if width > image.width or height > image.height:
        return resize(image, width, height, "bicubic")
    return reduce_to(image, width, height)


def check_aspect(reference: Image, distorted: Image) -> None:
    """Refuse two pictures that are not of one shape.

    Raises:
        PairError: The aspect ratios differ by more than 2 % (and by more than a pixel of the smaller).
    """
    # Of a thin picture, the pixel to which the smaller one was rounded is many of the larger one.
    small, large = sorted((reference, distorted), key=lambda image: image.width * image.height)
    expected_width = small.height * large.width / large.height
    expected_height = small.width * large.height / large.width
    difference = abs(small.height - expected_height)
    rounding = min(difference, abs(small.width - expected_width))
    if difference > MAX_ASPECT_DIFFERENCE * expected_height and rounding > 1.0:
        raise PairError(
            f"expected two pictures of the same aspect ratio, got {reference.width} x {reference.height} "
            f"and {distorted.width} x {distorted.height}"
        )


def _fit(image: Image, side: int) -> tuple[int, int]:
    longest = max(image.width, image.height)
    scale = min(1.0, side / longest)
    least = max(1, round(longest * scale) // _FLATTEST)
    return max(least, round(image.width * scale)), max(least, round(image.height * scale))


def _worst_tile(reference: Image, distorted: Image) -> PairView:
    width, height = reference.width, reference.height
    first, second = reference.pixels, reduce(distorted, width, height).pixels
    tile_width, tile_height = min(WHOLE_SIDE, width), min(WHOLE_SIDE, height)
    red, green, blue = cv2.split(cv2.absdiff(first, second))
    difference = cv2.max(cv2.max(red, green), blue)  # ten times faster than a maximum over the last axis
    total = cv2.boxFilter(
        difference, cv2.CV_32F, (tile_width, tile_height), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT
    )
    inside = total[: height - tile_height + 1, : width - tile_width + 1]
    top, left = np.unravel_index(int(np.argmax(inside)), inside.shape)
    rows, columns = slice(int(top), int(top) + tile_height), slice(int(left), int(left) + tile_width)
    return PairView(
        ReferenceView(Image(np.ascontiguousarray(first[rows, columns]))),
        Image(np.ascontiguousarray(second[rows, columns])),
        Place(int(left) / width, int(top) / height, tile_width / width, tile_height / height),
    )
