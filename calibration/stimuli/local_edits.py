"""Make a local edit of any photograph: what an honest editor does to one place of a picture, without levels.

A stand-in for hand-made edit sets when none is at hand. An edit is certain to change the picture; how well it
is noticed is what is measured, so nothing here looks at how visible it is beyond that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, Pixels

EditKind = Literal["removal", "recolor", "copy_move", "blur_region", "sticker"]
Mask = npt.NDArray[np.bool_]

_SIDE_SHARE = (0.12, 0.35)  # of the picture's sides: the region an edit covers
_TRIES = 4  # places tried before another kind of edit is
_LEAST_CHANGE = 6.0  # mean grey levels over the region: less is no edit anybody made on purpose


@dataclass(frozen=True, eq=False)
class LocalEdit:
    """An edited picture and where it differs."""

    edited: Image
    mask: Mask  # (H, W) True where a pixel changed
    kind: EditKind


@dataclass(frozen=True)
class _Region:
    """A rectangle inside the picture."""

    top: int
    left: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


def local_edit(image: Image, rng: np.random.Generator, first: EditKind | None = None) -> LocalEdit:
    """Edit one place of `image`; kind, place and strength hang on `rng`.

    A kind that changes nothing (a copy of one patch of sky over another) is tried in other places, then the
    kind after it; the last, a sticker, always shows.

    Args:
        image: Any size, from a single pixel.
        rng: Decides what is left open.
        first: The kind tried first; drawn when None.
    """
    drawn = KINDS[int(rng.integers(len(KINDS)))]
    for kind in KINDS[KINDS.index(first or drawn) : -1]:
        for _ in range(_TRIES):
            region = _draw_region(image, rng)
            edited = _EDITS[kind](image.pixels, region, rng)
            if _mean_change(image.pixels, edited, region) >= _LEAST_CHANGE:
                return _as_edit(image, edited, kind)
    return _as_edit(image, _sticker(image.pixels, _draw_region(image, rng), rng), "sticker")


def _as_edit(image: Image, edited: Pixels, kind: EditKind) -> LocalEdit:
    return LocalEdit(Image(edited), np.any(edited != image.pixels, axis=2), kind)


def _mean_change(before: Pixels, after: Pixels, region: _Region) -> float:
    return float(np.abs(after[region.slices].astype(np.int64) - before[region.slices]).mean())


def _draw_region(image: Image, rng: np.random.Generator) -> _Region:
    shares = rng.uniform(*_SIDE_SHARE, size=2)
    height, width = (
        max(1, int(share * side)) for share, side in zip(shares, (image.height, image.width), strict=True)
    )
    top = int(rng.integers(image.height - height + 1))
    return _Region(top, int(rng.integers(image.width - width + 1)), height, width)


def _oval(region: _Region) -> Mask:
    """Return the region's inscribed ellipse, (height, width); integers, so that all machines agree."""
    y = 2 * np.arange(region.height)[:, None] + 1 - region.height
    x = 2 * np.arange(region.width)[None, :] + 1 - region.width
    inside = (y * region.width) ** 2 + (x * region.height) ** 2
    return np.asarray(inside <= (region.height * region.width) ** 2)


def _remove(pixels: Pixels, region: _Region, rng: np.random.Generator) -> Pixels:  # noqa: ARG001
    """Fill an oval from its surroundings, as an object eraser does."""
    if min(pixels.shape[:2]) < 4:
        return pixels.copy()  # nothing around it to fill from
    hole = np.zeros(pixels.shape[:2], np.uint8)
    hole[region.slices] = _oval(region)
    return np.asarray(cv2.inpaint(pixels, hole, 3, cv2.INPAINT_TELEA), dtype=np.uint8)


def _recolor(pixels: Pixels, region: _Region, rng: np.random.Generator) -> Pixels:
    """Turn an oval's colours: channels exchanged, and one of them mirrored."""
    edited = pixels.copy()
    patch = edited[region.slices]
    turned = patch[..., ((1, 2, 0), (2, 0, 1))[int(rng.integers(2))]].copy()
    mirrored = int(rng.integers(3))
    turned[..., mirrored] = 255 - turned[..., mirrored]
    patch[_oval(region)] = turned[_oval(region)]
    return edited


def _copy_move(pixels: Pixels, region: _Region, rng: np.random.Generator) -> Pixels:
    """Cover an oval with another part of the picture."""
    edited = pixels.copy()
    top = int(rng.integers(pixels.shape[0] - region.height + 1))
    left = int(rng.integers(pixels.shape[1] - region.width + 1))
    other = pixels[_Region(top, left, region.height, region.width).slices]
    edited[region.slices][_oval(region)] = other[_oval(region)]
    return edited


def _blur(pixels: Pixels, region: _Region, rng: np.random.Generator) -> Pixels:
    """Blur an oval beyond recognition, as a face or a number plate is."""
    sigma = float(rng.uniform(0.1, 0.3)) * max(region.height, region.width)
    blurred = cv2.GaussianBlur(pixels, (0, 0), max(1.0, sigma), borderType=cv2.BORDER_REFLECT_101)
    edited = pixels.copy()
    edited[region.slices][_oval(region)] = blurred[region.slices][_oval(region)]
    return edited


def _sticker(pixels: Pixels, region: _Region, rng: np.random.Generator) -> Pixels:
    """Paste a disc with a ring and a dot, bright on dark ground and dark on bright."""
    edited = pixels.copy()
    covered = pixels[region.slices][_oval(region)]
    is_dark = int(covered.sum()) < 128 * covered.size
    color = rng.integers(170, 256, 3) if is_dark else rng.integers(0, 86, 3)
    edited[region.slices][_oval(region)] = color.astype(np.uint8)
    dot = _Region(
        region.top + region.height // 3,
        region.left + region.width // 3,
        region.height // 3,
        region.width // 3,
    )
    edited[dot.slices][_oval(dot)] = (255 - color).astype(np.uint8)
    return edited


_Edit = Callable[[Pixels, _Region, np.random.Generator], Pixels]
_EDITS: Mapping[EditKind, _Edit] = MappingProxyType(
    {
        "removal": _remove,
        "recolor": _recolor,
        "copy_move": _copy_move,
        "blur_region": _blur,
        "sticker": _sticker,
    }
)
KINDS: tuple[EditKind, ...] = tuple(_EDITS)
