"""Tell what kind of picture this is, since each kind loses something else when it is made lighter.

A photograph taken for a screen costs bytes; a document taken for a photograph costs words. So the second
error is the rarer one by design: the weights hold all kinds for equally frequent, although most pictures are
photographs. A photograph of a street with signs stays a photograph; a photographed page is a document; what
is mostly a photograph is a screen all the same where letters stand on flat ground in several places.
"""

import math
from dataclasses import astuple, dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from calibration.image import Decoded, Image

PictureClass = Literal["photograph", "screen", "document", "chart", "transparent", "animated"]

CLASSES: tuple[PictureClass, ...] = get_args(PictureClass)

_TILES_A_SIDE = 5
_TILE_SIDE = 64  # pixels
_OVERVIEW_PIXELS = 40_000
_PERCENTILES = (5, 95)
_LEAST_STEPS = 5  # across a tile: two on either side of one

_EDGE = 48  # grey levels between neighbours: ink on paper, a frame on its ground
_STILL = 4  # grey levels: neighbours of one flat area, as a JPEG leaves them
_TEXTURED = 40  # grey levels between a tile's darkest and brightest pixels
_COLOURED = 12  # grey levels between the channels of a pixel that is not grey
_PAPER = 200  # grey levels
_FREQUENT = 0.1  # of the pixels, by the four most frequent colours: screens, pages and charts have more

# Of tiles with letters on flat ground; fewer than 1 of 200 photographs have as many.
_LETTERED_SHARE = 0.22
_GROUND_SHARE, _LETTER_SHARE = 0.7, 0.01  # of such a tile: still neighbours, and sharp edges


@dataclass(frozen=True)
class Signs:
    """What tells the kinds apart; shares are of 0-1."""

    same: float  # neighbours that are equal
    flat: float  # neighbours at most one grey level apart
    sharp: float  # strong edges that have a flat area beside them, in percent of all neighbours
    two_toned: float  # pixels near the darkest or the brightest of their tile, where it has both
    few_colours: float  # pixels of the four most frequent colours, 32 steps a channel
    colours: float  # decades: how many colours there are
    grey: float  # pixels without a hue
    bright: float  # pixels as bright as paper


_Weights = tuple[float, ...]  # a constant, then one for each of the signs

# Fitted on every second picture by `tests/benchmarks/picture_classes.py --fit`.
_WEIGHTS: dict[PictureClass, _Weights] = {
    "photograph": (22.30, -5.62, 2.93, -0.19, -11.48, -3.74, -1.94, -1.01, -2.86),
    "screen": (-26.90, 4.04, -0.35, -0.07, 6.21, -0.19, 6.14, 1.37, 2.44),
    "document": (6.87, -5.47, 2.50, 0.24, -0.20, -2.99, -3.23, 3.32, 4.51),
    "chart": (-2.26, 7.04, -5.07, 0.01, 5.47, 6.92, -0.98, -3.67, -4.09),
}


def classify(decoded: Decoded) -> PictureClass:
    """Return the kind of a picture, from a few tiles at its own resolution and a sparse copy of the whole."""
    if decoded.source.is_animated:
        return "animated"
    if decoded.source.has_alpha:
        return "transparent"
    named = class_of(measure_signs(decoded.image))
    is_lettered = named == "photograph" and lettered_share(decoded.image) >= _LETTERED_SHARE
    return "screen" if is_lettered else named


def class_of(signs: Signs) -> PictureClass:
    """Weigh the signs: linear in each, so that more of one never speaks for two sides.

    What has no frequent colour is a photograph, however flat parts of it are.
    """
    if signs.few_colours < _FREQUENT:
        return "photograph"
    values = (1.0, *astuple(signs))
    scores = {
        kind: sum(weight * value for weight, value in zip(weights, values, strict=True))
        for kind, weights in _WEIGHTS.items()
    }
    return max(scores, key=lambda kind: scores[kind])


def measure_signs(image: Image) -> Signs:
    """Measure what tells the kinds apart."""
    lightness = _lightness(_tiles(image.pixels))  # (N, h, w)
    steps = np.abs(np.diff(lightness, axis=2))
    overview = _overview(image.pixels)  # (n, 3)
    frequent = np.sort(np.unique(_coarse_colours(overview), return_counts=True)[1])[::-1]
    return Signs(
        same=float((steps == 0).mean()) if steps.size else 1.0,
        flat=float((steps <= 1).mean()) if steps.size else 1.0,
        sharp=100 * _sharp_share(steps),
        two_toned=_two_toned_share(lightness),
        few_colours=float(frequent[:4].sum() / len(overview)),
        colours=math.log10(len(frequent)),
        grey=float((np.ptp(overview, axis=1) <= _COLOURED).mean()),
        bright=float((_lightness(overview) > _PAPER).mean()),
    )


def lettered_share(image: Image) -> float:
    """Return the share of tiles, 0-1, in which letters or lines stand on flat ground."""
    steps = np.abs(np.diff(_lightness(_tiles(image.pixels)), axis=2))
    if steps.shape[2] < _LEAST_STEPS:
        return 0.0
    is_ground = (steps <= 1).mean(axis=(1, 2)) > _GROUND_SHARE
    is_lettered = _are_sharp(steps).mean(axis=(1, 2)) > _LETTER_SHARE
    return float((is_ground & is_lettered).mean())


def _tiles(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Cut tiles at the picture's own resolution, evenly spread: (N, h, w, 3)."""
    height, width = (min(_TILE_SIDE, side) for side in pixels.shape[:2])
    tops = _starts(pixels.shape[0], height)
    lefts = _starts(pixels.shape[1], width)
    return np.stack([pixels[top : top + height, left : left + width] for top in tops for left in lefts])


def _starts(length: int, tile: int) -> list[int]:
    return sorted({round(start) for start in np.linspace(0, length - tile, _TILES_A_SIDE)})


def _overview(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Take every n-th pixel of every n-th row: averaging would make colours that are not there."""
    step = max(1, math.isqrt(pixels.shape[0] * pixels.shape[1] // _OVERVIEW_PIXELS))
    return pixels[step // 2 :: step, step // 2 :: step].reshape(-1, 3)


def _lightness(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.int16]:
    weighted = (
        pixels[..., 0] * np.uint16(77) + pixels[..., 1] * np.uint16(150) + pixels[..., 2] * np.uint16(29)
    )
    lightness: npt.NDArray[np.int16] = (weighted >> 8).astype(np.int16)
    return lightness


def _coarse_colours(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
    red, green, blue = ((pixels[:, channel] >> 3).astype(np.uint16) for channel in range(3))
    codes: npt.NDArray[np.uint16] = ((red << 10) | (green << 5) | blue).astype(np.uint16)
    return codes


def _sharp_share(steps: npt.NDArray[np.int16]) -> float:
    return float(_are_sharp(steps).mean()) if steps.shape[2] >= _LEAST_STEPS else 0.0


def _are_sharp(steps: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """Find strong steps with a still one within two pixels: blur and grain have none."""
    still = steps <= _STILL
    beside = still[:, :, :-4] | still[:, :, 1:-3] | still[:, :, 3:-1] | still[:, :, 4:]
    sharp: npt.NDArray[np.bool_] = (steps[:, :, 2:-2] > _EDGE) & beside
    return sharp


def _two_toned_share(lightness: npt.NDArray[np.int16]) -> float:
    tiles = lightness.reshape(len(lightness), -1)
    ordered = np.sort(tiles[:, ::4], axis=1)
    low, high = (ordered[:, ordered.shape[1] * part // 100, None] for part in _PERCENTILES)
    span = high - low
    textured = span[:, 0] > _TEXTURED
    if not textured.any():
        return 0.0
    margin = span / 5 + 6
    near = (tiles - low < margin) | (high - tiles < margin)
    return float(near[textured].mean())
