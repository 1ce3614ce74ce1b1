"""Damage a picture as KADID-10k's pictures were damaged: its types and levels, on any picture.

Levels are those of the published generator (Lin, Hosu, Saupe 2019; types 9, 18 and 25 in its own order, in
which the opinion scores are listed). Type 15, which denoises with a network nobody ships, is left out. The
opinion scores of `MEAN_OPINION` are the means over its 81 references, 5 = imperceptible.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, decode, encode_jpeg, quantize_palette

Floats = Any  # float32 arrays, (H, W, 3) in [0, 1] unless said: OpenCV does not tell what it returns
Damage = Callable[[Floats, float, np.random.Generator], Floats]  # (H, W, 3) in [0, 1] both ways

LEVELS = 5


def damaged(image: Image, *, kind: int, level: int, rng: np.random.Generator) -> Image:
    """Return the picture with KADID's type `kind` at `level`, 1 to `LEVELS`.

    Raises:
        LookupError: No such type or level.
    """
    if kind not in KINDS or not 1 <= level <= LEVELS:
        raise LookupError(
            f"expected a type among {sorted(KINDS)} and a level 1-{LEVELS}, got {kind}, {level}"
        )
    damage, amounts = KINDS[kind]
    values = damage(image.pixels.astype(np.float32) / 255.0, amounts[level - 1], rng)
    return Image(np.clip(values * 255.0 + 0.5, 0, 255).astype(np.uint8))


def _gaussian(x: Floats, sigma: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001 - the family's signature
    return cv2.GaussianBlur(x, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)


def _filtered(x: Floats, kernel: npt.NDArray[np.floating]) -> Floats:
    kernel = (kernel / kernel.sum()).astype(np.float32)
    return cv2.filter2D(x, -1, kernel, borderType=cv2.BORDER_REPLICATE)


def _lens(x: Floats, radius: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    fine, side = 8, 2 * math.ceil(radius) + 1  # a disk whose rim is weighed by the share it covers
    grid = (np.arange(side * fine) + 0.5) / fine - side / 2
    disk = (grid[:, None] ** 2 + grid[None, :] ** 2 <= radius**2).astype(np.float32)
    return _filtered(x, disk.reshape(side, fine, side, fine).mean(axis=(1, 3)))


def _motion(x: Floats, length: float, rng: np.random.Generator) -> Floats:
    angle = rng.uniform(0, math.pi)
    side = 2 * math.ceil(length / 2 + 1) + 1
    rows, columns = np.mgrid[:side, :side] - side // 2
    along = np.abs(columns * math.cos(angle) + rows * math.sin(angle))
    across = np.abs(rows * math.cos(angle) - columns * math.sin(angle))
    beyond = np.maximum(along - (length - 1) / 2, 0.0)
    return _filtered(x, np.maximum(1.0 - np.hypot(across, beyond), 0.0))


def _lab(x: Floats) -> Floats:
    return cv2.cvtColor(x, cv2.COLOR_RGB2LAB)


def _rgb(lab: Floats) -> Floats:
    return np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0.0, 1.0)


def _colour_diffusion(x: Floats, amount: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    lab = _lab(x)
    lab[..., 1:] = amount * cv2.GaussianBlur(lab[..., 1:], (0, 0), 1.5 * amount + 2)
    return _rgb(lab)


def _colour_shift(x: Floats, amount: float, rng: np.random.Generator) -> Floats:
    grey = x @ np.array([0.299, 0.587, 0.114], np.float32)
    edges = np.hypot(cv2.Sobel(grey, -1, 1, 0, ksize=1), cv2.Sobel(grey, -1, 0, 1, ksize=1))
    edges = cv2.GaussianBlur(edges, (0, 0), 4)
    low, high = np.percentile(edges, [1, 99])
    weight = np.clip((edges - low) / max(high - low, 1e-6), 0, 1)
    angle = rng.uniform(0, math.pi / 2)
    down, right = round(amount * math.sin(angle)), round(amount * math.cos(angle))
    moved = np.array([[1, 0, right], [0, 1, down]], np.float32)
    height, width = grey.shape
    green = cv2.warpAffine(x[..., 1], moved, (width, height), borderMode=cv2.BORDER_REPLICATE)
    shifted = x.copy()
    shifted[..., 1] = green * weight + x[..., 1] * (1 - weight)
    return shifted


def _few_colours(x: Floats, colours: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    few = quantize_palette(Image(np.round(x * 255).astype(np.uint8)), int(colours))
    return few.pixels.astype(np.float32) / 255.0


def _less_saturated(x: Floats, factor: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    hsv = cv2.cvtColor(x, cv2.COLOR_RGB2HSV)
    saturation = hsv[..., 1:2] * np.float32(factor)
    value = hsv[..., 2:3]
    hue = hsv[..., 0:1] / 60.0
    offsets = (np.array([5, 3, 1], np.float32) + hue) % 6.0  # negative factors turn hues to their complements
    return value - value * saturation * np.clip(np.minimum(offsets, 4 - offsets), 0, 1)


def _more_saturated(x: Floats, factor: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    lab = _lab(x)
    lab[..., 1:] *= np.float32(factor)
    return _rgb(lab)


def _jpeg2000(x: Floats, ratio: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    bgr = np.ascontiguousarray(np.round(x[..., ::-1] * 255).astype(np.uint8))
    _, data = cv2.imencode(".jp2", bgr, [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, max(1, round(1000 / ratio))])
    read: Floats = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return read[..., ::-1].astype(np.float32) / 255.0


def _jpeg(x: Floats, quality: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    image = Image(np.round(x * 255).astype(np.uint8))
    return decode(encode_jpeg(image, int(quality), progressive=False)).image.pixels.astype(np.float32) / 255.0


def _white_noise(x: Floats, variance: float, rng: np.random.Generator) -> Floats:
    return x + rng.standard_normal(x.shape, dtype=np.float32) * np.float32(math.sqrt(variance))


def _colour_noise(x: Floats, variance: float, rng: np.random.Generator) -> Floats:
    noisy = cv2.cvtColor(x, cv2.COLOR_RGB2YCrCb)
    noisy += rng.standard_normal(x.shape, dtype=np.float32) * np.float32(math.sqrt(variance))
    return np.clip(cv2.cvtColor(noisy, cv2.COLOR_YCrCb2RGB), 0, 1)


def _impulses(x: Floats, density: float, rng: np.random.Generator) -> Floats:
    drawn = rng.random(x.shape, dtype=np.float32)
    return np.where(drawn < density / 2, np.float32(0), np.where(drawn < density, np.float32(1), x))


def _multiplied_noise(x: Floats, variance: float, rng: np.random.Generator) -> Floats:
    return x * (1 + rng.standard_normal(x.shape, dtype=np.float32) * np.float32(math.sqrt(variance)))


def _curve(x: Floats, middle: float) -> Floats:
    """Put every value on the parabola through (0, 0), (.5, `middle`), (1, 1)."""
    bend = 2 - 4 * middle
    return np.clip(bend * x * x + (1 - bend) * x, 0, 1)


def _brighter(x: Floats, amount: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    lab = _lab(x)
    lab[..., 0] = 100 * _curve(lab[..., 0] / 100, 0.5 + amount / 2)
    return (2 * _curve(x, 0.5 + amount / 2) + _rgb(lab)) / 3


def _darker(x: Floats, amount: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    return _curve(x, 0.5 - amount / 2)


def _shifted(x: Floats, amount: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    return x + np.float32(amount)


def _jitter(x: Floats, amount: float, rng: np.random.Generator) -> Floats:
    height, width = x.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    for _ in range(5):
        moves = rng.standard_normal((2, height, width), dtype=np.float32) * np.float32(amount)
        x = cv2.remap(
            x, columns + moves[0], rows + moves[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    return x


def _moved_patches(x: Floats, count: float, rng: np.random.Generator) -> Floats:
    moved, side = x.copy(), 16
    height, width = x.shape[:2]
    for _ in range(int(count)):
        top, left = rng.integers(side, height - 2 * side), rng.integers(side, width - 2 * side)
        to_top, to_left = top + rng.integers(-8, 9), left + rng.integers(-8, 9)
        moved[to_top : to_top + side, to_left : to_left + side] = moved[
            top : top + side, left : left + side
        ].copy()
    return moved


def _pixelated(x: Floats, strength: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    share = 0.95 - strength**0.6
    height, width = x.shape[:2]
    small = cv2.resize(x, (int(width * share), int(height * share)), interpolation=cv2.INTER_NEAREST)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)


def _few_tones(x: Floats, tones: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    return np.minimum(np.floor(x * np.float32(tones)), tones - 1) / np.float32(tones - 1)


def _blocks(x: Floats, count: float, rng: np.random.Generator) -> Floats:
    covered, side = x.copy(), 32
    for _ in range(int(count)):
        top, left = rng.integers(0, x.shape[0] - side), rng.integers(0, x.shape[1] - side)
        covered[top : top + side, left : left + side] = rng.random(3, dtype=np.float32)
    return covered


def _sharpened(x: Floats, amount: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    lab = _lab(x)
    light = lab[..., 0]
    lab[..., 0] = np.clip(light + amount * (light - cv2.GaussianBlur(light, (13, 13), 6)), 0, 100)
    return _rgb(lab)


def _contrast(x: Floats, amount: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    """Bend tones by the cubic through (0, 0), (.3, .25 - a / 4), (.5, .5), (.7, .75 + a / 4), (1, 1)."""
    places = np.array([-0.5, -0.2, 0.0, 0.2, 0.5])
    heights = np.array([-0.5, -0.25 - amount / 4, 0.0, 0.25 + amount / 4, 0.5])
    curve = np.polynomial.Polynomial.fit(places, heights, 4)
    table = np.clip(curve(np.arange(1024) / 1023 - 0.5) + 0.5, 0, 1).astype(np.float32)
    return table[np.round(np.clip(x, 0, 1) * 1023).astype(np.int32)]


KINDS: Mapping[int, tuple[Damage, tuple[float, ...]]] = MappingProxyType(
    {
        1: (_gaussian, (0.1, 0.5, 1, 2, 5)),
        2: (_lens, (1, 2, 4, 6, 8)),
        3: (_motion, (1, 2, 4, 6, 10)),
        4: (_colour_diffusion, (1, 3, 6, 8, 12)),
        5: (_colour_shift, (1, 3, 6, 8, 12)),
        6: (_few_colours, (64, 48, 32, 16, 8)),
        7: (_less_saturated, (0.4, 0.2, 0.1, 0, -0.4)),
        8: (_more_saturated, (1, 2, 3, 6, 9)),
        9: (_jpeg2000, (16, 32, 45, 120, 400)),
        10: (_jpeg, (43, 36, 24, 7, 4)),
        11: (_white_noise, (0.001, 0.002, 0.003, 0.005, 0.01)),
        12: (_colour_noise, (0.0001, 0.0005, 0.001, 0.002, 0.003)),
        13: (_impulses, (0.001, 0.005, 0.01, 0.02, 0.03)),
        14: (_multiplied_noise, (0.001, 0.005, 0.01, 0.02, 0.05)),
        16: (_brighter, (0.1, 0.2, 0.4, 0.7, 1.1)),
        17: (_darker, (0.05, 0.1, 0.2, 0.4, 0.8)),
        18: (_shifted, (0.15, 0.08, 0, -0.08, -0.15)),
        19: (_jitter, (0.05, 0.1, 0.2, 0.5, 1)),
        20: (_moved_patches, (20, 40, 60, 80, 100)),
        21: (_pixelated, (0.01, 0.05, 0.1, 0.2, 0.5)),
        22: (_few_tones, (20, 16, 13, 10, 7)),
        23: (_blocks, (2, 4, 6, 8, 10)),
        24: (_sharpened, (1, 2, 3, 6, 12)),
        25: (_contrast, (0.3, 0.15, 0, -0.4, -0.6)),
    }
)
