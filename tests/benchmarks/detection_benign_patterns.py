"""Benign patterns: gradients, checkerboards, grids, moiré, pictures of science, plain areas."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
from detection_benign_encodings import either, png
from PIL import Image as PillowImage
from PIL import ImageDraw

Pixels = npt.NDArray[np.uint8]
Draw = Callable[[np.random.Generator], bytes]


def _bounded(values: npt.NDArray[np.generic]) -> Pixels:
    return np.clip(np.rint(values.astype(np.float64)), 0, 255).astype(np.uint8)


def _grid(rng: np.random.Generator) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    height, width = rng.integers(200, 900, 2)
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    return rows, columns


def _gradient(rng: np.random.Generator) -> bytes:
    rows, columns = _grid(rng)
    if rng.random() < 0.4:
        way = np.hypot(rows - rows.max() / 2, columns - columns.max() / 2)
    else:
        angle = rng.uniform(0, 2 * np.pi)
        way = rows * np.sin(angle) + columns * np.cos(angle)
    way = (way - way.min()) / np.ptp(way)
    first, last = rng.uniform(0, 255, (2, 3))
    blend = first + (last - first) * way[..., None]
    kind = int(rng.integers(3))
    dither = (
        0 if kind == 0 else rng.uniform(-0.5, 0.5, blend.shape) if kind == 1 else rng.normal(size=blend.shape)
    )
    return either(_bounded(blend + dither), rng)


def _checkerboard(rng: np.random.Generator) -> bytes:
    rows, columns = _grid(rng)
    side = int(rng.choice([1, 2, 3, 4, 6, 8, 12, 16, 32]))
    is_odd = ((rows // side + columns // side) % 2)[..., None]
    first, second = rng.uniform(0, 255, (2, 3))
    return either(_bounded(np.where(is_odd, first, second)), rng)


def _fine_grid(rng: np.random.Generator) -> bytes:
    rows, columns = _grid(rng)
    pitch, width = int(rng.integers(3, 20)), int(rng.integers(1, 3))
    is_line = (
        (rows % pitch < width) | (columns % pitch < width) if rng.random() < 0.7 else rows % pitch < width
    )
    paper, ink = rng.uniform(200, 255, 3), rng.uniform(0, 220, 3)
    return either(_bounded(np.where(is_line[..., None], ink, paper)), rng)


def _moire(rng: np.random.Generator) -> bytes:
    rows, columns = _grid(rng)
    if rng.random() < 0.4:  # a zone plate, aliased at its rim
        centre = rows.max() * rng.uniform(0.2, 0.8)
        wave = np.cos(
            np.pi * ((rows - centre) ** 2 + (columns - centre) ** 2) / rows.max() * rng.uniform(0.5, 1.2)
        )
    else:
        angle, pitch = rng.uniform(0, 0.2), rng.uniform(3, 9)
        turned = columns * np.cos(angle) + rows * np.sin(angle)
        wave = np.cos(2 * np.pi * columns / pitch) * np.cos(
            2 * np.pi * turned / (pitch * rng.uniform(1, 1.1))
        )
    return either(_bounded(np.repeat((127 + 120 * wave)[..., None], 3, 2)), rng)


def _scientific(rng: np.random.Generator) -> bytes:
    """Draw a spectrogram, a phantom, stars or contour lines."""
    rows, columns = _grid(rng)
    kind = int(rng.integers(4))
    if kind == 0:
        field = rng.gamma(0.6, 40, rows.shape) * np.exp(-rows / rows.max() * 2)
    elif kind == 1:
        inside = np.hypot(rows - rows.max() / 2, columns - columns.max() / 2) < min(rows.shape) / 2.4
        field = np.where(inside, 90 + 30 * np.sin(rows / 30) + rng.normal(size=rows.shape) * 9, 2)
    elif kind == 2:
        field = rng.normal(6, 2, rows.shape)
        for _ in range(120):
            field[int(rng.integers(rows.shape[0])), int(rng.integers(rows.shape[1]))] = rng.uniform(80, 4000)
        field = cv2.GaussianBlur(field, (0, 0), 1.2)
    else:
        height = cv2.GaussianBlur(rng.normal(size=rows.shape), (0, 0), 40)
        field = np.where(np.abs((height / height.std() * 6) % 1 - 0.5) < 0.06, 60.0, 240.0)
    return either(np.repeat(_bounded(field)[..., None], 3, 2), rng)


def _plain(rng: np.random.Generator) -> bytes:
    page = PillowImage.new(
        "RGB",
        tuple(int(side) for side in rng.integers(32, 700, 2)),
        tuple(int(v) for v in rng.integers(0, 256, 3)),
    )
    pen = ImageDraw.Draw(page)
    for _ in range(int(rng.integers(0, 4))):
        corners = np.sort(rng.integers(0, 700, (2, 2)), axis=0)
        pen.rectangle(
            [tuple(corner) for corner in corners.tolist()],
            fill=tuple(int(v) for v in rng.integers(0, 256, 3)),
        )
    return png(page)


PATTERNS: dict[str, Draw] = {
    "gradient": _gradient,
    "checkerboard": _checkerboard,
    "fine grid": _fine_grid,
    "moire": _moire,
    "scientific": _scientific,
    "plain": _plain,
}
