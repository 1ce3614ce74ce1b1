"""Measure what noise the flattest parts of one picture carry: amplitude, shape, colour, lattice, spectrum.

An added perturbation cannot hide in flat areas. Camera noise, compression and scaling leave noise there
too, but of other shapes; which shape is suspicious is learned elsewhere. Meaning of the picture is
deliberately ignored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image
from calibration.opponent import LUMA
from predictor.residual.grain import measure_grain

Tiles = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

TILE_SIDE = 96
TILE_COUNT = 6
MIN_SIDE = TILE_SIDE  # pixels: smaller tiles are too few numbers for the promised rate
_BLOCK = 8
_STRIP_PIXELS = 1 << 20  # large pictures are looked over in strips, to take no memory of their size
_LAGS = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (0, 3), (0, 4), (0, 8), (4, 4), (8, 8))


class PictureTooSmallError(ValueError):
    """The picture is too small for its noise to be measured."""


@dataclass(frozen=True, eq=False)
class TileMeasures:
    """Named measures of each tile."""

    names: tuple[str, ...]
    values: Floats  # (tiles, names)

    def chosen(self, names: tuple[str, ...]) -> "TileMeasures":
        """Return these measures alone, in this order.

        Raises:
            LookupError: A measure is unknown here.
        """
        if names == self.names:
            return self
        places = {name: place for place, name in enumerate(self.names)}
        unknown = [name for name in names if name not in places]
        if unknown:
            raise LookupError(f"expected measures this program takes, got {unknown}")
        return TileMeasures(names, self.values[:, [places[name] for name in names]])


def choose_tiles(image: Image, count: int = TILE_COUNT) -> Tiles:
    """Cut the flattest, least clipped tiles on the 8 x 8 lattice -> (n <= count, S, S, 3); S is `TILE_SIDE`.

    Raises:
        PictureTooSmallError: A side is shorter than `MIN_SIDE` pixels.
    """
    side = TILE_SIDE
    if min(image.height, image.width) < MIN_SIDE:
        raise PictureTooSmallError(
            f"expected at least {MIN_SIDE} x {MIN_SIDE} pixels, got {image.width} x {image.height}"
        )
    activity = _tile_activity(_block_activity(image), side // _BLOCK)
    corners = _choose_corners(activity, side // _BLOCK, count)
    return np.stack([image.pixels[top : top + side, left : left + side] for top, left in corners])


def measure_tiles(tiles: Tiles) -> TileMeasures:
    """Measure (n, side, side, 3) tiles; side is a multiple of 8."""
    pixels = tiles.astype(np.float32)
    luma = pixels @ LUMA
    residual = np.stack([tile - cv2.blur(tile, (5, 5), borderType=cv2.BORDER_REFLECT) for tile in pixels])
    opponent = pixels[..., 0] - pixels[..., 1], pixels[..., 2] - pixels[..., 1]
    measures: dict[str, Floats] = {}
    measures |= _noise_levels(luma, opponent)
    measures |= _noise_shape(residual)
    measures |= _correlations(residual)
    measures |= _steps(tiles)
    measures |= measure_grain(pixels, residual)
    measures |= _lattice(luma, opponent)
    measures |= _spectrum(luma, opponent[0])
    values = np.stack([measures[name] for name in measures], axis=1).astype(np.float32)
    return TileMeasures(tuple(measures), np.nan_to_num(values, nan=0.0, posinf=30.0, neginf=-30.0))


def _block_activity(image: Image) -> Floats:
    """Mean second derivative of each 8 x 8 block, with clipped blocks made to look busy."""
    height, width = image.height // _BLOCK * _BLOCK, image.width // _BLOCK * _BLOCK
    step = max(1, _STRIP_PIXELS // (width * _BLOCK)) * _BLOCK
    strips = [
        _strip_activity(image.pixels, slice(top, min(top + step, height)), width)
        for top in range(0, height, step)
    ]
    return np.concatenate(strips)


def _strip_activity(pixels: Tiles, rows: slice, width: int) -> Floats:
    """Measure some rows of the picture, whole blocks; the derivative sees one row more on either side."""
    above = min(1, rows.start)
    grey = cv2.cvtColor(pixels[rows.start - above : rows.stop + 1], cv2.COLOR_RGB2GRAY)
    inside = slice(above, above + rows.stop - rows.start)
    size = (width // _BLOCK, (rows.stop - rows.start) // _BLOCK)
    edges = cv2.convertScaleAbs(cv2.Laplacian(grey, cv2.CV_16S))[inside, :width]
    clipped = cv2.inRange(grey[inside, :width], 3, 252)
    activity = cv2.resize(edges.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    open_share = cv2.resize(clipped, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    return np.asarray(activity + 24.0 * (1.0 - open_share), dtype=np.float32)


def _tile_activity(blocks: Floats, side_blocks: int) -> Floats:
    """Mean activity of every tile that starts on a block -> (rows, columns) of tile corners."""
    total = cv2.integral(blocks.astype(np.float64))
    n = side_blocks
    sums = total[n:, n:] - total[:-n, n:] - total[n:, :-n] + total[:-n, :-n]
    return np.asarray(sums / (n * n), dtype=np.float32)


def _choose_corners(activity: Floats, side_blocks: int, count: int) -> list[tuple[int, int]]:
    """Take the flattest tile, forbid what overlaps it by more than half, and again."""
    left_over = activity.copy()
    reach = side_blocks // 2
    corners: list[tuple[int, int]] = []
    while len(corners) < count:
        row, column = np.unravel_index(int(np.argmin(left_over)), left_over.shape)
        if not np.isfinite(left_over[row, column]):
            break
        corners.append((int(row) * _BLOCK, int(column) * _BLOCK))
        top, left = max(0, int(row) - reach), max(0, int(column) - reach)
        left_over[top : row + reach + 1, left : column + reach + 1] = np.inf
    return corners


def _noise_levels(luma: Floats, opponent: tuple[Floats, Floats]) -> dict[str, Floats]:
    """Log noise level (Immerkaer's mask) of the flattest, middle and busiest tenth of blocks."""
    found: dict[str, Floats] = {}
    for name, plane in (("luma", luma), ("red", opponent[0]), ("blue", opponent[1])):
        second = plane[:, :-2] - 2.0 * plane[:, 1:-1] + plane[:, 2:]
        mixed = np.abs(second[:, :, :-2] - 2.0 * second[:, :, 1:-1] + second[:, :, 2:]).astype(np.float32)
        blocks = _blocks(mixed, _BLOCK).mean(axis=2) / 6.0
        for percent, level in zip((10, 50, 90), np.percentile(blocks, (10, 50, 90), axis=1), strict=True):
            found[f"noise_{name}_{percent}"] = np.log(level + 0.02)
    return found


def _noise_shape(residual: Floats) -> dict[str, Floats]:
    """Distribution of the residual in the flattest 16 x 16 blocks: a pattern is bounded, grain is not."""
    planes = {"luma": residual @ LUMA, "green": residual[..., 1], "red": residual[..., 0] - residual[..., 1]}
    found: dict[str, Floats] = {}
    for name, plane in planes.items():
        blocks = _blocks(plane, 16)
        variance = blocks.var(axis=2)
        order = np.argsort(variance, axis=1)[:, : max(1, variance.shape[1] // 2)]
        flat = np.take_along_axis(blocks, order[:, :, None], axis=1)
        centred = flat - flat.mean(axis=2, keepdims=True)
        squares = centred * centred
        spread = np.sqrt(squares.mean(axis=2)) + 0.05
        found[f"kurtosis_{name}"] = np.median((squares * squares).mean(axis=2) / spread**4, axis=1)
        found[f"absolute_{name}"] = (np.abs(centred).mean(axis=2) / spread).mean(axis=1)
        found[f"balance_{name}"] = np.abs((centred > 0).mean(axis=2) - 0.5).mean(axis=1)
        found[f"peak_{name}"] = np.log((np.abs(centred).max(axis=2) / spread).mean(axis=1) + 0.1)
        found[f"evenness_{name}"] = np.log(
            (spread.max(axis=1) + 0.05) / (np.median(spread, axis=1) + 0.05)
        )  # grain is as strong everywhere
    return found


def _correlations(residual: Floats) -> dict[str, Floats]:
    """Correlation of the residual with its neighbours and between colours."""
    luma = residual @ LUMA
    red = residual[..., 0] - residual[..., 1]
    found = _lags("luma", luma, _LAGS) | _lags("red", red, _LAGS[:5])
    for name, first, second in (("rg", 0, 1), ("gb", 1, 2), ("rb", 0, 2)):
        a, b = residual[..., first], residual[..., second]
        scale = np.sqrt((a * a).mean(axis=(1, 2)) * (b * b).mean(axis=(1, 2))) + 1e-2
        found[f"colours_{name}"] = (a * b).mean(axis=(1, 2)) / scale
    return found


def _lags(name: str, plane: Floats, lags: Sequence[tuple[int, int]]) -> dict[str, Floats]:
    """Correlation of a plane with itself, moved down and across."""
    power = (plane * plane).mean(axis=(1, 2)) + 1e-2
    found: dict[str, Floats] = {}
    for dy, dx in lags:
        height, width = plane.shape[1] - dy, plane.shape[2] - dx
        product = plane[:, :height, :width] * plane[:, dy:, dx:]
        found[f"lag_{name}_{dy}_{dx}"] = product.mean(axis=(1, 2)) / power
    return found


def _steps(tiles: Tiles) -> dict[str, Floats]:
    """Shares of each size of step between neighbours; shares of grey pixels."""
    green = tiles[..., 1].astype(np.int16)
    steps = np.abs(np.concatenate([np.diff(green, axis=1).reshape(len(tiles), -1),
                                   np.diff(green, axis=2).reshape(len(tiles), -1)], axis=1))  # fmt: skip
    found = {}
    for low, high in ((0, 0), (1, 1), (2, 2), (3, 4), (5, 8), (9, 16), (17, 255)):
        found[f"steps_{low}_{high}"] = ((steps >= low) & (steps <= high)).mean(axis=1, dtype=np.float32)
    grey = (tiles[..., 0] == tiles[..., 1]) & (tiles[..., 1] == tiles[..., 2])
    found["grey_share"] = grey.mean(axis=(1, 2), dtype=np.float32)
    return found


def _lattice(luma: Floats, opponent: tuple[Floats, Floats]) -> dict[str, Floats]:
    """Traces of JPEG's 8 x 8 lattice: coefficients that vanish on it and not off it, steps at its borders."""
    frequency = np.add.outer(np.arange(_BLOCK), np.arange(_BLOCK))
    bands = {"low": (1, 2), "mid": (3, 4), "high": (5, 7), "top": (8, 14)}
    found: dict[str, Floats] = {}
    planes = {"on": luma, "off": luma[:, 4:-4, 4:-4], "red": opponent[0], "blue": opponent[1]}
    for name, plane in planes.items():
        magnitude = np.abs(_block_dct(plane))  # (tiles, blocks, 8, 8)
        for band, (low, high) in bands.items():
            chosen = magnitude[:, :, (frequency >= low) & (frequency <= high)]
            found[f"dct_{name}_{band}"] = np.log(chosen.mean(axis=(1, 2)) + 0.02)
            found[f"zeros_{name}_{band}"] = (chosen < 0.6).mean(axis=(1, 2), dtype=np.float32)
    for axis in (1, 2):
        steps = np.abs(np.diff(luma, axis=axis))
        border = np.take(steps, np.arange(_BLOCK - 1, steps.shape[axis], _BLOCK), axis=axis)
        found[f"borders_{axis}"] = np.log(
            (border.mean(axis=(1, 2)) + 0.05) / (steps.mean(axis=(1, 2)) + 0.05)
        )
    return found


def _block_dct(plane: Floats) -> Floats:
    k = np.arange(_BLOCK)
    basis = np.sqrt(2.0 / _BLOCK) * np.cos((2 * k[None, :] + 1) * k[:, None] * np.pi / (2 * _BLOCK))
    basis[0] /= np.sqrt(2.0)
    blocks = _blocks(plane, _BLOCK).reshape(len(plane), -1, _BLOCK, _BLOCK)
    basis = basis.astype(np.float32)
    coefficients: Floats = basis @ blocks @ basis.T
    return coefficients


def _spectrum(luma: Floats, red: Floats) -> dict[str, Floats]:
    """Share of energy by radius, and how far the periods of usual vision patches stand out."""
    side = luma.shape[1]
    window = np.hanning(side).astype(np.float32)
    rows, columns = np.abs(np.fft.fftfreq(side))[:, None], np.fft.rfftfreq(side)[None, :]
    radius = np.sqrt(rows**2 + columns**2)
    edges = (0.02, 0.06, 0.12, 0.2, 0.3, 0.42, 0.71)
    found: dict[str, Floats] = {}
    for name, plane in (("luma", luma), ("red", red)):
        centred = (plane - plane.mean(axis=(1, 2), keepdims=True)) * window[:, None] * window
        energy = np.abs(np.fft.rfft2(centred).astype(np.complex64)) ** 2
        total = energy.sum(axis=(1, 2)) + 1.0
        for low, high in pairwise(edges):
            ring = energy[:, (radius >= low) & (radius < high)].sum(axis=1)
            found[f"ring_{name}_{low}"] = np.log(ring / total + 1e-5)
        if name == "luma":
            found |= _patch_peaks(energy, side)
    return found


def _patch_peaks(energy: Floats, side: int) -> dict[str, Floats]:
    axes = energy[:, 0, :] + energy[:, : side // 2 + 1, 0]
    found = {}
    for period in (14, 16, 32):
        center = max(2, round(side / period))
        beside = 0.5 * (axes[:, center - 2] + axes[:, center + 2])
        found[f"patch_{period}"] = np.log((axes[:, center] + 1.0) / (beside + 1.0))
    return found


def _blocks(plane: Floats, side: int) -> Floats:
    """Cut (n, H, W) into whole blocks -> (n, blocks, side * side)."""
    n, height, width = plane.shape[0], plane.shape[1] // side, plane.shape[2] // side
    cut = plane[:, : height * side, : width * side].reshape(n, height, side, width, side)
    return cut.transpose(0, 1, 3, 2, 4).reshape(n, height * width, side * side)
