"""Photographs with their opinion scores, and the views in which the critic's network learns to see."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from calibration.image import Image, Pixels, load
from predictor.learning.critic.kadid import KINDS, LEVELS, damaged
from predictor.learning.critic.split import is_held_out

SIDE = 256
_SLOW = (9, 19)  # kinds of damage that take longer than the network's lesson about them


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
    """Yield two views of each: all of it, and a part at some size, in half of the cases damaged."""
    rng = np.random.default_rng(seed)
    for photograph in photographs:
        pixels = photograph.image.pixels
        yield cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        yield _part(pixels, rng)


def _part(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    side = int(rng.integers(SIDE, 2 * SIDE + 1))
    sized = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
    top, left = rng.integers(0, side - SIDE + 1, 2)
    part = np.ascontiguousarray(sized[top : top + SIDE, left : left + SIDE])
    if rng.random() >= 0.5:
        return part
    kind = int(rng.choice([kind for kind in KINDS if kind not in _SLOW]))
    return damaged(Image(part), kind=kind, level=int(rng.integers(1, LEVELS + 1)), rng=rng).pixels
