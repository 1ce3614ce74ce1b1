"""Measure what of one picture its quality shows in: natural-scene statistics, block by block, and its tones.

After Mittal et al. 2012 (BRISQUE: light normalised by its neighbourhood, and the products of neighbours),
with further maps of noise, edges, flatness and colour. Nothing here is learned. A picture is measured at the
size at which it is looked at on a screen: reduced, where it is larger, to a long side of `SIDE` pixels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, Pixels
from predictor.critic.lost_blocks import SIZE as LOST_BLOCKS
from predictor.critic.lost_blocks import lost_blocks

Floats = npt.NDArray[np.float32]
Plane = TypeVar("Plane", Pixels, Floats)

SIDE = 512  # pixels of the long side
SMALLEST = 48  # pixels of the short side: below it a picture is enlarged, so that every block has pixels
GRID = 12  # blocks across and down, whatever the picture's shape; a multiple of three, for the ninths
SCALES = 3  # octaves

_COLOUR = (
    *("chroma", "saturation", "red_green", "yellow_blue"),
    *(
        f"{plane}_{name}"
        for plane in ("red_green", "yellow_blue")
        for name in ("squared", "fine", "root_fine", "coarse", "root_coarse")
    ),
)
_FULL_SIZE = (
    *("lone", "flat_across", "flat_down", "white_end", "black_end", "bright", "dark", "lone_squared"),
    *("light", "light_squared"),
)
_SCENE = (
    *("spread", "root_spread", "normal", "normal_squared", "normal_fourth"),
    *("product_across", "product_across_size", "product_down", "product_down_size"),
    *(
        "product_aslant",
        "product_aslant_size",
        "across",
        "down",
        "root_across",
        "root_down",
        "noise",
        "root_noise",
    ),
)
MAPS = (*_COLOUR, *_FULL_SIZE, *(f"{name}_{octave}" for octave in range(SCALES) for name in _SCENE))

_STRIP, _REACH = 64, 4  # rows of a plane that are measured together, and how far their maps look beyond
_SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_TONES = 38 + LOST_BLOCKS  # numbers of `Measures.tones`
_LIGHT = np.array([0.299, 0.587, 0.114], np.float32)
_CHEQUERED = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6  # no straight edge answers
_ONE = 1 / 255  # a grey level


@dataclass(frozen=True, eq=False)
class Measures:
    """What was measured of one picture."""

    blocks: Floats  # (GRID, GRID, M): every map's mean over each block
    tones: Floats  # (T,): of the whole picture

    def map(self, name: str) -> Floats:
        """Return one map, (GRID, GRID).

        Raises:
            ValueError: No map of `MAPS` has this name.
        """
        one: Floats = self.blocks[..., MAPS.index(name)]
        return one

    @property
    def levels(self) -> Floats:
        """Return the light, 0 to 1, that 1, 5, 25, 50, 75, 95 and 99 % of the picture stay below."""
        return self.tones[: len(_SHARES)]

    @property
    def entropy(self) -> float:
        """Return how many bits the grey levels of the whole picture hold, 0 to 8."""
        return float(self.tones[len(_SHARES)])

    def described(self) -> Floats:
        """Return the picture as one row: each map's mean, spread, tenth and ninetieth percentile, centre."""
        return np.concatenate(
            [_pooled(self.blocks.reshape(GRID * GRID, -1)), _centre(self.blocks), self.tones]
        )


def described_size() -> int:
    """Return how many numbers `Measures.described` holds."""
    return 5 * len(MAPS) + _TONES


def measure(image: Image) -> Measures:
    """Measure a picture of any size."""
    pixels = fitted(image.pixels)
    light: Floats = (pixels @ (_LIGHT * np.float32(_ONE))).astype(np.float32, copy=False)
    blocks = _averaged(pixels, _full_size_maps)
    scale = light
    for octave in range(SCALES):
        blocks += _averaged(scale, _scene_maps)
        if octave < SCALES - 1:
            scale = _halved(scale)
    return Measures(np.stack(blocks, axis=-1), _tones(pixels, light))


def fitted(pixels: Pixels) -> Pixels:
    """Bring (H, W, 3) pixels to the size at which they are measured."""
    height, width = pixels.shape[:2]
    share = min(1.0, SIDE / max(height, width))
    size = (max(SMALLEST, round(width * share)), max(SMALLEST, round(height * share)))
    if size == (width, height):
        return pixels
    kernel = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
    resized: Pixels = cv2.resize(pixels, size, interpolation=kernel).astype(np.uint8, copy=False)
    return resized


def _averaged(plane: Plane, maps_of: Callable[[Plane], list[Floats]]) -> list[Floats]:
    """Average to (GRID, GRID) each of the maps that `maps_of` makes of a plane of this height.

    Strip by strip: maps of a whole picture do not fit the processor's cache, and take several times as long.
    A map may lack the last row or column, or have half of either.
    """
    height = len(plane)
    sums: list[Floats] = []  # (GRID, W) each
    for start in range(0, height, _STRIP):
        low, high = max(0, start - _REACH), min(height, start + _STRIP + _REACH)
        maps = maps_of(plane[low:high])
        sums = sums or [np.zeros((GRID, one.shape[1]), np.float32) for one in maps]
        for total, one in zip(sums, maps, strict=True):
            _add_strip(total, one, start=start, low=low, high=high, height=height)
    return [one @ _averaging(one.shape[1]).T for one in sums]


def _add_strip(total: Floats, one: Floats, *, start: int, low: int, high: int, height: int) -> None:
    """Add to the blocks of a map what its rows from `start` give, of its part from `low` to `high`."""
    step = 2 if len(one) <= (high - low) // 2 else 1
    whole = height // step - ((high - low) // step - len(one))  # rows of the map of the whole plane
    start, end = start // step, min((start + _STRIP) // step, whole)
    rows = slice(start * GRID // whole, -(-end * GRID // whole))  # blocks that the strip reaches
    total[rows] += _averaging(whole)[rows, start:end] @ one[start - low // step : end - low // step]


@lru_cache(maxsize=64)
def _averaging(size: int) -> Floats:
    """Return the matrix (GRID, size) that averages `size` pixels to blocks, shared pixels by their share.

    Two products with it are several times faster than OpenCV's resize by area, which is slow by odd steps.
    """
    edges = np.arange(GRID + 1) * size / GRID
    starts = np.arange(size)
    overlap = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
    averaging: Floats = (np.maximum(overlap, 0) * GRID / size).astype(np.float32)
    return averaging


def _scene_maps(light: Floats) -> list[Floats]:
    """Return the maps of one octave, each of about the size of `light`."""
    mean = cv2.GaussianBlur(light, (7, 7), 7 / 6)
    variance = cv2.GaussianBlur(light * light, (7, 7), 7 / 6) - mean * mean
    spread = cv2.sqrt(cv2.max(variance, 0))
    normal = (light - mean) / (spread + np.float32(_ONE))
    square = normal * normal
    maps = [spread, cv2.sqrt(spread), np.abs(normal), square, square * square]
    for near, far in _neighbours(normal):
        product = near * far
        maps += [product, np.abs(product)]
    across, down = cv2.absdiff(light[:, 1:], light[:, :-1]), cv2.absdiff(light[1:], light[:-1])
    noise = np.abs(cv2.filter2D(light, -1, _CHEQUERED))
    return [*maps, across, down, cv2.sqrt(across), cv2.sqrt(down), noise, cv2.sqrt(noise)]


def _neighbours(normal: Floats) -> list[tuple[Floats, Floats]]:
    return [
        (normal[:, :-1], normal[:, 1:]),
        (normal[:-1], normal[1:]),
        (normal[:-1, :-1], normal[1:, 1:]),
    ]


def _full_size_maps(pixels: Pixels) -> list[Floats]:
    """Return the maps of colour, and those that only full size tells, of pixels (H, W, 3)."""
    values: Floats = pixels.astype(np.float32) * np.float32(_ONE)
    light: Floats = (values @ _LIGHT).astype(np.float32, copy=False)
    return _colour_maps(values) + _first_scale_maps(light, pixels)


def _first_scale_maps(light: Floats, pixels: Pixels) -> list[Floats]:
    """Return maps that only full size tells: lone pixels, flat runs, clipped ends."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    lone = cv2.absdiff(grey, cv2.medianBlur(grey, 3))
    flat_across = cv2.compare(grey[:, 1:], grey[:, :-1], cv2.CMP_EQ)
    flat_down = cv2.compare(grey[1:], grey[:-1], cv2.CMP_EQ)
    red, green, blue = cv2.split(pixels)
    most, least = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    ends = [cv2.compare(most, 254, cv2.CMP_GT), cv2.compare(least, 1, cv2.CMP_LT)]
    flags = [
        flat_across,
        flat_down,
        *ends,
        cv2.compare(grey, 250, cv2.CMP_GT),
        cv2.compare(grey, 5, cv2.CMP_LT),
    ]
    counted = [one.astype(np.float32) * np.float32(_ONE) for one in [lone, *flags]]
    return [*counted, counted[0] * counted[0] * 255, light, light * light]


def _colour_maps(values: Floats) -> list[Floats]:
    red, green, blue = cv2.split(values)
    red_green, yellow_blue = red - green, 0.5 * (red + green) - blue
    most, least = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    chroma = most - least
    maps = [chroma, chroma / (most + np.float32(0.02)), red_green, yellow_blue]
    for plane in (red_green, yellow_blue):
        fine = np.abs(cv2.Laplacian(plane, -1))
        half = _halved(plane)
        coarse = np.abs(cv2.Laplacian(half, -1))
        maps += [plane * plane, fine, cv2.sqrt(fine), coarse, cv2.sqrt(coarse)]
    return maps


def _tones(pixels: Pixels, light: Floats) -> Floats:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel() / grey.size
    total = np.cumsum(counts)
    levels = np.minimum(np.searchsorted(total, _SHARES), 255) * _ONE
    used = counts[counts > 0]
    entropy = -float(used @ np.log2(used))
    gaps = float((counts[1:-1] * 2 - counts[:-2] - counts[2:]).__abs__().sum())
    small = cv2.resize(pixels, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32) * np.float32(_ONE)
    hue = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
    angles = (
        np.histogram(hue[..., 0], bins=8, range=(0, 360), weights=hue[..., 1] * hue[..., 2])[0]
        / hue[..., 0].size
    )
    rough = cv2.resize(small, (4, 4), interpolation=cv2.INTER_AREA)
    return np.concatenate(
        [
            *(levels, [entropy, gaps, len(used) / 256], angles, _grid_strength(light)),
            *((rough @ _LIGHT).ravel(), lost_blocks(pixels)),
        ]
    ).astype(np.float32)


def _halved(values: Floats) -> Floats:
    height, width = values.shape[:2]
    even = values[: height // 2 * 2, : width // 2 * 2]
    half: Floats = cv2.resize(even, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return half


def _grid_strength(light: Floats) -> Floats:
    """Return how much steps between pixels repeat every eight, down and across: a JPEG's blocks."""
    found = []
    bend = np.array([[1, -2, 1]], np.float32)
    across = cv2.reduce(np.abs(cv2.filter2D(light, -1, bend)), 0, cv2.REDUCE_AVG)
    down = cv2.reduce(np.abs(cv2.filter2D(light, -1, bend.T)), 1, cv2.REDUCE_AVG)
    for steps in (across.ravel(), down.ravel()):
        whole = steps[: steps.size // 8 * 8].reshape(-1, 8).mean(axis=0) if steps.size >= 8 else np.ones(8)
        found += [
            float(whole.max() / (np.median(whole) + 1e-4)),
            float(whole.min() / (np.median(whole) + 1e-4)),
        ]
    return np.array(found, np.float32)


def _pooled(blocks: Floats) -> Floats:
    """Pool (blocks, M) to (4 M,)."""
    ordered = np.sort(blocks, axis=0)
    tenth = len(blocks) // 10
    return np.concatenate([blocks.mean(axis=0), blocks.std(axis=0), ordered[tenth], ordered[-1 - tenth]])


def _centre(blocks: Floats) -> Floats:
    third = GRID // 3
    inner: Floats = blocks[third:-third, third:-third].mean(axis=(0, 1)) - blocks.mean(axis=(0, 1))
    return inner
