"""Make innocent pictures as they arrive after a life: turned and saved again, dithered, shrunk, on a screen.

Each kind here was flagged too often once, or is its sibling. Training and calibration of the residual
detector only.
"""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, to_pillow
from predictor.learning.residual.encodings import draw_sampling, jpeg

Pixels = npt.NDArray[np.uint8]

_SHARP_KERNELS = (cv2.INTER_AREA, cv2.INTER_AREA, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
_SHORTEST = 96  # pixels
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16.0 + 1 / 32.0


def save_again(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Reduce or not, then save as JPEG one to three times; turn, mirror or crop between."""
    if rng.random() < 0.6:
        pixels = _resized(pixels, rng.uniform(0.45, 0.95), int(rng.choice(_SHARP_KERNELS)))
    for _ in range(int(rng.integers(1, 4))):
        pixels = _turned(jpeg(pixels, int(rng.integers(72, 98)), sampling=draw_sampling(rng)), rng)
    return pixels


def dither(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Reduce to few colours, with error diffusion or a printer's screen: 1 bit, web or own colours."""
    picture = to_pillow([Image(np.ascontiguousarray(pixels))])[0]
    kind = rng.random()
    if kind < 0.2:
        return np.asarray(picture.convert("1").convert("RGB"))
    if kind < 0.4:
        return np.asarray(picture.convert("P").convert("RGB"))
    if kind < 0.6:
        return _screened(pixels, rng)
    colours = int(rng.choice([4, 8, 16, 32, 64, 128, 256]))
    palette = picture.quantize(colours)
    again = picture.quantize(colours, palette=palette)
    return np.asarray(again.convert("RGB"))


def thumbnail(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Shrink to a shorter side of 96-200 pixels, with any usual kernel."""
    scale = rng.uniform(_SHORTEST, 200) / min(pixels.shape[:2])
    return _resized(pixels, min(1.0, scale), int(rng.choice(_SHARP_KERNELS)))


def on_screen(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Show the picture in a window: smaller, on flat ground with a ruled frame and lines of text."""
    height, width = pixels.shape[:2]
    small = _resized(pixels, rng.uniform(0.4, 0.9), int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_AREA])))
    screen = np.empty_like(pixels)
    screen[:] = rng.integers(0, 256) if rng.random() < 0.5 else rng.choice([255, 245, 30])
    top, left = (
        int(rng.integers(0, big - less + 1))
        for big, less in zip((height, width), small.shape[:2], strict=True)
    )
    screen[top : top + small.shape[0], left : left + small.shape[1]] = small
    for _ in range(int(rng.integers(1, 12))):
        place = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        ink = tuple(int(value) for value in rng.integers(0, 256, 3))
        cv2.putText(screen, "Shared picture", place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, ink, 1, cv2.LINE_AA)
    return screen


def smooth(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Blur to soft shading, as renders and charts have it; banded, or dithered against bands."""
    blurred = cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), float(np.exp(rng.uniform(0.7, 3.4))))
    if rng.random() < 0.4:
        blurred = blurred + rng.uniform(-1.0, 1.0, blurred.shape).astype(np.float32) * np.float32(
            rng.uniform(0.3, 1.0)
        )
    return np.asarray(np.clip(np.rint(blurred), 0, 255), dtype=np.uint8)


def pixel_art(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Shrink to a few dozen pixels of few colours; enlarge to squares."""
    height, width = pixels.shape[:2]
    zoom = int(rng.choice([2, 3, 4, 6, 8, 10]))
    small = cv2.resize(pixels, (width // zoom, height // zoom), interpolation=cv2.INTER_AREA)
    colours = int(rng.choice([8, 16, 32, 64]))
    few = to_pillow([Image(np.asarray(small, dtype=np.uint8))])[0].quantize(colours).convert("RGB")
    size = (width // zoom * zoom, height // zoom * zoom)
    return np.asarray(cv2.resize(np.asarray(few), size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)


def _screened(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Print with an ordered screen, in black or in colours, and scan it: a little blurred, or not at all."""
    height, width = pixels.shape[:2]
    dot = int(rng.choice([1, 1, 2, 3]))
    screen = np.kron(_BAYER, np.ones((dot, dot)))
    tiled = np.tile(screen, (height // screen.shape[0] + 1, width // screen.shape[1] + 1))[:height, :width]
    inks = pixels if rng.random() < 0.5 else np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2)
    levels = int(rng.choice([1, 1, 3, 5]))
    printed: npt.NDArray[np.floating] = (
        np.floor(inks / 255.0 * levels + tiled[..., None] * 0.999) / levels * 255.0
    )
    if rng.random() < 0.4:
        printed = cv2.GaussianBlur(printed, (0, 0), rng.uniform(0.5, 1.5))
    return np.asarray(np.clip(np.rint(printed), 0, 255), dtype=np.uint8)


def _turned(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Turn, mirror or crop; sides that are no multiple of 8 move the lattice."""
    if rng.random() < 0.6:
        rows, columns = rng.integers(0, 8, 2) if rng.random() < 0.5 else (0, 0)
        pixels = pixels[: pixels.shape[0] - int(rows), : pixels.shape[1] - int(columns)]
        pixels = np.rot90(pixels, int(rng.integers(0, 4)))
        pixels = pixels[:, ::-1] if rng.random() < 0.3 else pixels
    return np.ascontiguousarray(pixels)


def _resized(pixels: Pixels, scale: float, kernel: int) -> Pixels:
    size = tuple(max(_SHORTEST, round(side * scale)) for side in pixels.shape[1::-1])
    return np.asarray(cv2.resize(pixels, size, interpolation=kernel), dtype=np.uint8)
