"""Make the innocent pictures that look guilty: grain, sharpening, rescaling, old JPEGs, palettes, graphics.

The residual detector must not confuse any of these with an added perturbation. Training and calibration
only.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, quantize_palette
from predictor.learning.residual.camera_pictures import photograph_again
from predictor.learning.residual.encodings import draw_sampling, jpeg, webp
from predictor.learning.residual.travelled_pictures import (
    dither,
    on_screen,
    pixel_art,
    save_again,
    smooth,
    thumbnail,
)

Pixels = npt.NDArray[np.uint8]
Treatment = Callable[[Pixels, np.random.Generator], Pixels]

_SHRINKING = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
_ENLARGING = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


def as_is(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Leave the picture alone."""
    del rng
    return pixels


def shrink(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Shrink to 0.4-0.9, mostly by area, else with any usual kernel, aliasing and all."""
    scale = rng.uniform(0.4, 0.9)
    if rng.random() < 0.7:
        return _scaled(pixels, scale, cv2.INTER_AREA)
    return _scaled(pixels, scale, int(rng.choice(_SHRINKING)))


def enlarge(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Enlarge 1.1-8 times and keep a part of about the old size."""
    height, width = pixels.shape[:2]
    scale = np.exp(rng.uniform(np.log(1.1), np.log(8.0)))
    rows, columns = min(height, round(height / scale) + 1), min(width, round(width / scale) + 1)
    top, left = rng.integers(0, height - rows + 1), rng.integers(0, width - columns + 1)
    part = pixels[top : top + rows, left : left + columns]
    return np.asarray(
        cv2.resize(part, (width, height), interpolation=int(rng.choice(_ENLARGING))), dtype=np.uint8
    )


def grain(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Add sensor or film noise: stronger in the light, shared between colours and neighbours, or neither."""
    height, width = pixels.shape[:2]
    shared = rng.choice([0.0, 0.5, 1.0])
    noise = shared * rng.standard_normal((height, width, 1), dtype=np.float32) + (
        1 - shared
    ) * rng.standard_normal((height, width, 3), dtype=np.float32)
    if rng.random() < 0.5:
        noise = cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.4, 1.2))
    noise /= noise.std() + 1e-6
    strength = np.exp(rng.uniform(np.log(0.7), np.log(9.0)))
    light = np.sqrt(pixels.mean(axis=2, keepdims=True) / 128.0 + 0.1) if rng.random() < 0.5 else 1.0
    return _rounded(pixels + strength * light * noise)


def sharpen(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Apply an unsharp mask."""
    floats = pixels.astype(np.float32)
    blurred = cv2.GaussianBlur(floats, (0, 0), rng.uniform(0.6, 2.0))
    return _rounded(floats + rng.uniform(0.3, 1.8) * (floats - blurred))


def denoise(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Smooth as phones do: median or bilateral."""
    if rng.random() < 0.4:
        return np.asarray(cv2.medianBlur(pixels, 3), dtype=np.uint8)
    strength = float(rng.uniform(8, 30))
    return np.asarray(cv2.bilateralFilter(pixels, 5, strength, 3.0), dtype=np.uint8)


def recompress(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Give the picture a JPEG past, aligned with its lattice or not."""
    decoded = jpeg(pixels, int(rng.integers(50, 97)), sampling=draw_sampling(rng))
    shift = int(rng.integers(0, 8)) if rng.random() < 0.4 else 0
    return np.ascontiguousarray(decoded[shift:, shift:])


def recompress_webp(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Give the picture a WebP past."""
    return webp(pixels, int(rng.integers(55, 97)))


def tone(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Change gamma and contrast by table, which leaves gaps in the histogram."""
    levels = np.linspace(0, 1, 256) ** rng.uniform(0.6, 1.6)
    table = np.clip((levels - 0.5) * rng.uniform(0.8, 1.3) + 0.5, 0, 1) * 255
    return np.asarray(cv2.LUT(pixels, np.round(table).astype(np.uint8)), dtype=np.uint8)


def palette(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Reduce to a palette, as GIF and PNG8 do."""
    return quantize_palette(Image(pixels), int(rng.choice([64, 128, 256]))).pixels


def greyscale(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Drop the colour."""
    del rng
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return np.repeat(grey[..., None], 3, axis=2)


TREATMENTS: Mapping[str, Treatment] = MappingProxyType(
    {
        "as_is": as_is,
        "shrink": shrink,
        "enlarge": enlarge,
        "grain": grain,
        "camera": photograph_again,
        "sharpen": sharpen,
        "denoise": denoise,
        "recompress": recompress,
        "recompress_webp": recompress_webp,
        "tone": tone,
        "palette": palette,
        "greyscale": greyscale,
        "save_again": save_again,
        "dither": dither,
        "thumbnail": thumbnail,
        "on_screen": on_screen,
        "smooth": smooth,
        "pixel_art": pixel_art,
    }
)
HARD_TREATMENTS = ("grain", "camera", "sharpen")
_WEIGHTS = {
    "as_is": 5.0,
    "shrink": 5.0,
    "enlarge": 2.0,
    "grain": 3.0,
    "camera": 4.0,
    "sharpen": 2.0,
    "recompress": 2.0,
    "palette": 2.0,
    "save_again": 4.0,
    "dither": 3.5,
    "thumbnail": 2.0,
}


def treat(pixels: Pixels, rng: np.random.Generator) -> tuple[Pixels, str]:
    """Apply one treatment, now and then two; return the picture and their names."""
    names = list(TREATMENTS)
    weights = np.array([_WEIGHTS.get(name, 1.0) for name in names])
    count = 2 if rng.random() < 0.3 else 1
    chosen = [str(name) for name in rng.choice(names, size=count, p=weights / weights.sum())]
    for name in chosen:
        pixels = TREATMENTS[name](pixels, rng)
    return pixels, "+".join(chosen)


def treat_hard(pixels: Pixels, rng: np.random.Generator) -> tuple[Pixels, str]:
    """Apply one of the treatments that look most like a perturbation, to the picture or a treated one."""
    before, history = treat(pixels, rng) if rng.random() < 0.4 else (pixels, "as_is")
    name = str(rng.choice(HARD_TREATMENTS))
    return TREATMENTS[name](before, rng), f"{history}+{name}"


def draw_graphic(rng: np.random.Generator, side: int = 512) -> Pixels:
    """Draw a made-up screen, chart or page: flat areas, gradients, lines, text."""
    paper = rng.integers(0, 256, 3) if rng.random() < 0.5 else np.full(3, rng.choice([255, 250, 20]))
    canvas = np.empty((side, side, 3), dtype=np.uint8)
    canvas[:] = paper
    if rng.random() < 0.3:
        slope = np.linspace(0, rng.uniform(10, 80), side)[:, None, None]
        canvas = _rounded(canvas * 0.7 + slope)
    for _ in range(int(rng.integers(5, 40))):
        color = tuple(int(value) for value in rng.integers(0, 256, 3))
        first, second = (tuple(int(v) for v in rng.integers(0, side, 2)) for _ in range(2))
        shape = rng.random()
        if shape < 0.35:
            cv2.rectangle(canvas, first, second, color, -1 if rng.random() < 0.6 else 2)
        elif shape < 0.6:
            cv2.line(canvas, first, second, color, int(rng.integers(1, 5)), cv2.LINE_AA)
        else:
            words = "".join(chr(int(code)) for code in rng.integers(65, 123, 12))
            cv2.putText(
                canvas, words, first, int(rng.integers(0, 8)), rng.uniform(0.4, 2), color, 1, cv2.LINE_AA
            )
    return canvas


def _scaled(pixels: Pixels, scale: float, kernel: int) -> Pixels:
    size = (max(48, round(pixels.shape[1] * scale)), max(48, round(pixels.shape[0] * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=kernel), dtype=np.uint8)


def _rounded(values: npt.NDArray[np.floating]) -> Pixels:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
