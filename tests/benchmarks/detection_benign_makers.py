"""Camera JPEGs of several makers: colour filter, noise, sharpening, and quantisation tables of their own."""

import io
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
from detection_benign_encodings import saved
from PIL import Image as PillowImage

Pixels = npt.NDArray[np.uint8]
Make = Callable[[Pixels, np.random.Generator], bytes]
Floats = npt.NDArray[np.float32]


def bounded(values: npt.NDArray[np.generic]) -> Pixels:
    return np.clip(np.rint(values.astype(np.float32)), 0, 255).astype(np.uint8)


def scene(pixels: Pixels, scale: float) -> Floats:
    """Rid a photograph of its own JPEG grid and noise by shrinking it -> grey levels."""
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32)


def maker(  # noqa: PLR0917 - a row of the table below
    noise: float, sharpen: float, radius: float, steps: float, power: float, subsampling: int, mosaic: bool
) -> Make:
    """Shoot through one maker's pipeline: colour filter, noise, sharpening, its own quantisation."""

    def make(pixels: Pixels, rng: np.random.Generator) -> bytes:
        light = scene(pixels, rng.uniform(0.7, 0.95))
        shot = light + rng.normal(size=light.shape) * noise * np.sqrt(0.3 + light / 180)
        taken = bounded(shot)
        if mosaic:
            taken = _demosaiced(taken)
        if noise > 3:
            taken = np.asarray(cv2.bilateralFilter(taken, 5, 12 + 4 * noise, 3))
        blurred = cv2.GaussianBlur(taken, (0, 0), radius).astype(np.float32)
        sharp = bounded(taken + sharpen * (taken.astype(np.float32) - blurred))
        return _with_tables(PillowImage.fromarray(sharp), steps, power, subsampling)

    return make


def _demosaiced(pixels: Pixels) -> Pixels:
    height, width = (side // 2 * 2 for side in pixels.shape[:2])
    even = pixels[:height, :width]
    raw = even[..., 1].copy()
    raw[0::2, 0::2], raw[1::2, 1::2] = even[0::2, 0::2, 0], even[1::2, 1::2, 2]
    return np.asarray(cv2.cvtColor(raw, cv2.COLOR_BayerBG2RGB_EA))


def _with_tables(picture: PillowImage.Image, steps: float, power: float, subsampling: int) -> bytes:
    """Save with tables of one's own: those of libjpeg, scaled and bent."""
    tables = [
        [int(np.clip(round(steps * (value / 16) ** power * 16), 1, 255)) for value in table]
        for table in _standard_tables()
    ]
    return saved(picture, format="JPEG", qtables=tables, subsampling=subsampling)


def _standard_tables() -> list[list[int]]:
    """The tables of libjpeg at quality 50."""
    tiny = saved(PillowImage.new("RGB", (16, 16)), format="JPEG", quality=50)
    found = PillowImage.open(io.BytesIO(tiny)).quantization  # type: ignore[attr-defined]
    return [list(found[0]), list(found[1])]
