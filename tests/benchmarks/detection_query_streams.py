"""Benign streams that are like query attacks: many pictures from one caller, all nearly the same.

A made-up camera: the photograph calmed by a blur, noise that grows with light, a slow drift of light. Knows
no detector.
"""

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt
from detection_pairs import SCREEN_CHANGES, screen

from calibration.image import Image, encode_jpeg, encode_png, encode_webp

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Stream = tuple[str, Iterator[bytes]]

FRAMES = 100  # of a still camera
FOLLOWED = 30
PAGE_WIDTHS = (64, 96, 128, 256, 320, 384, 480, 640, 750, 828, 1080, 1200)
SHORT = 12  # of everything else


def benign_streams(photograph: Pixels, number: int) -> Iterator[Stream]:
    """Make the streams of one scene."""
    rng = np.random.default_rng(number)
    calm = cv2.GaussianBlur(photograph, (0, 0), 1.0).astype(np.float32)
    deviation, quality = ((1.0, 90), (2.0, None), (4.0, 85), (8.0, 80))[number % 4]
    yield f"still camera, noise {deviation:.0f}", _still(calm, deviation, quality, rng)
    yield "burst", _burst(calm, rng)
    yield "pan", _pan(calm, rng)
    yield "saved again", _saved(photograph, rng)
    yield "widths of a page", _widths(photograph)
    yield "crops that follow", _following(calm, rng)
    yield "dashboard", _dashboard(number, None)
    yield "dashboard, JPEG", _dashboard(number, 85)


def _still(calm: Floats, deviation: float, quality: int | None, rng: np.random.Generator) -> Iterator[bytes]:
    for frame in range(FRAMES):
        light = 1 + 0.08 * np.sin(frame / 25)
        yield _encoded(_noisy(calm * np.float32(light), deviation, rng), quality)


def _burst(calm: Floats, rng: np.random.Generator) -> Iterator[bytes]:
    for _ in range(SHORT):
        yield _encoded(_noisy(_moved(calm, rng.uniform(-3, 3, 2), rng.uniform(-0.5, 0.5), 1.0), 2.0, rng), 92)


def _pan(calm: Floats, rng: np.random.Generator) -> Iterator[bytes]:
    for frame in range(SHORT):
        moved = _moved(calm, np.array([frame * 2.3, frame * 0.6]), 0.1 * frame, 1 + 0.004 * frame)
        yield _encoded(_noisy(moved, 1.5, rng), 85)


def _saved(photograph: Pixels, rng: np.random.Generator) -> Iterator[bytes]:
    for _ in range(SHORT):
        height, width = photograph.shape[:2]
        factor = float(rng.choice([1.0, 0.8, 0.6]))
        size = (round(width * factor), round(height * factor))
        image = Image(np.asarray(cv2.resize(photograph, size, interpolation=cv2.INTER_AREA), dtype=np.uint8))
        quality = int(rng.integers(50, 100))
        yield encode_webp(image, quality) if rng.random() < 0.2 else encode_jpeg(image, quality)


def _widths(photograph: Pixels) -> Iterator[bytes]:
    """One picture as pages offer it to screens of every size, lossless."""
    for side in PAGE_WIDTHS:
        resized = cv2.resize(photograph, (side, side), interpolation=cv2.INTER_AREA)
        yield _encoded(np.asarray(resized, dtype=np.uint8), None)


def _following(calm: Floats, rng: np.random.Generator) -> Iterator[bytes]:
    """Crops of something that stands still in a film, cut anew in every frame by a tracker that trembles."""
    for _ in range(FOLLOWED):
        top, left, bottom, right = rng.integers(0, 12, 4)
        frame = _noisy(calm, 1.0, rng)
        yield _encoded(frame[top : len(frame) - bottom, left : len(frame) - right], None)


def _dashboard(number: int, quality: int | None) -> Iterator[bytes]:
    for step, change in enumerate([None, *SCREEN_CHANGES.values()]):
        page = screen(1000 + number)
        changed = page if change is None else change(page, np.random.default_rng(step))
        yield _encoded(np.asarray(changed), quality)


def _noisy(calm: Floats, deviation: float, rng: np.random.Generator) -> Pixels:
    noise = rng.normal(size=calm.shape) * deviation * np.sqrt(0.3 + np.clip(calm, 0, 255) / 128)
    return np.clip(np.rint(calm + noise), 0, 255).astype(np.uint8)


def _moved(calm: Floats, shift: npt.NDArray[np.float64], degrees: float, scale: float) -> Floats:
    height, width = calm.shape[:2]
    movement = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    movement[:, 2] += shift
    moved = cv2.warpAffine(
        calm, movement, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(moved, dtype=np.float32)


def _encoded(pixels: Pixels, quality: int | None) -> bytes:
    image = Image(np.ascontiguousarray(pixels))
    return encode_png(image) if quality is None else encode_jpeg(image, quality)
