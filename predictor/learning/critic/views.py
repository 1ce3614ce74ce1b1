"""Photographs with their opinion scores, and the views in which the critic's network learns to see."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from calibration.image import Image, Kernel, Pixels, load, resize
from predictor.critic.network import SIDE
from predictor.learning.critic.split import is_held_out

_MOST_OF_IT, _PART_OF_IT = (0.8, 1.0), (0.5, 0.75)  # of both sides
_SMALLER = (0.45, 0.92)  # of both sides
_GRAIN = (0.3, 2.5)  # grey levels, of each channel by itself: nobody sees them
_KERNELS: tuple[Kernel, ...] = ("area", "bilinear", "bicubic", "lanczos")


@dataclass(frozen=True)
class Photograph:
    """One photograph of the training thirds."""

    name: str
    image: Image
    mos: float  # 0 to 100


Photographs = Sequence[Photograph]


def load_photographs(folder: Path) -> list[Photograph]:
    """Read the photographs that the critic may learn from; `mos.csv` has their scores, 0 to 1."""
    with (folder / "mos.csv").open(newline="") as table:
        rows = [row for row in csv.DictReader(table) if not is_held_out(row["file"])]
    return [Photograph(row["file"], load(folder / row["file"]), 100 * float(row["mos"])) for row in rows]


def views_of(photographs: Photographs, seed: int = 1) -> Iterator[Pixels]:
    """Yield six square views of each: all of it, most of it three times, and two parts at a larger size."""
    rng = np.random.default_rng(seed)
    for photograph in photographs:
        pixels = photograph.image.pixels
        yield squared(pixels)
        for least, most in (_MOST_OF_IT, _MOST_OF_IT, _MOST_OF_IT, _PART_OF_IT, _PART_OF_IT):
            yield squared(part_of(pixels, rng.uniform(least, most), rng))


def blends_of(photographs: Photographs, seed: int = 2) -> Iterator[Pixels]:
    """Yield three views of each through which another photograph shows.

    What no lens sees: from such a view a network learns what its teachers do, not what it remembers of one
    photograph (Beyer et al. 2021, "a good teacher is patient and consistent").
    """
    rng = np.random.default_rng(seed)
    for photograph in photographs:
        for other in rng.integers(0, len(photographs), 3):
            pair = (photograph, photographs[int(other)])
            one, through = (squared(part_of(each.image.pixels, rng.uniform(0.5, 1.0), rng)) for each in pair)
            share = rng.uniform(0.3, 0.7)
            yield cv2.addWeighted(one, share, through, 1 - share, 0).astype(np.uint8, copy=False)


def squared(pixels: Pixels) -> Pixels:
    """Bring (H, W, 3) pixels to a view of 256 x 256."""
    if pixels.shape[:2] == (SIDE, SIDE):
        return pixels
    is_larger = max(pixels.shape[:2]) > SIDE
    resized: Pixels = cv2.resize(
        pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA if is_larger else cv2.INTER_LINEAR
    ).astype(np.uint8, copy=False)
    return resized


def part_of(pixels: Pixels, share: float, rng: np.random.Generator) -> Pixels:
    """Return a part with this share of both sides, at any place, in half of the cases mirrored."""
    height, width = (round(side * share) for side in pixels.shape[:2])
    top, left = (
        int(rng.integers(0, whole - side + 1))
        for whole, side in zip(pixels.shape[:2], (height, width), strict=True)
    )
    part = pixels[top : top + height, left : left + width]
    return np.ascontiguousarray(part[:, ::-1] if rng.random() < 0.5 else part)


def smaller(image: Image, rng: np.random.Generator) -> Image:
    """Return a smaller copy: without codec blocks as lossless pictures are, its colours as fine as light."""
    share, kernel = rng.uniform(*_SMALLER), _KERNELS[int(rng.integers(len(_KERNELS)))]
    return resize(image, round(image.width * share), round(image.height * share), kernel)


def grained(image: Image, rng: np.random.Generator) -> Image:
    """Return the picture with grain in light and colour, as sensors and films leave it."""
    grain = rng.standard_normal(image.pixels.shape, dtype=np.float32) * np.float32(rng.uniform(*_GRAIN))
    return Image(np.clip(image.pixels + grain + 0.5, 0, 255).astype(np.uint8))
