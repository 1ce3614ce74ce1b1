"""Low-level distortions: blur, brightness, saturation, contrast, JPEG, noise, banding.

The paper publishes no physical values (facts: VPA-JND, unpublished item 1). Ranges here follow the DepictQA
severities and the directions in the paper's figure at levels 12/36/48, in steps fine enough that a careful
person's threshold falls between levels 1 and 10.
"""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, decode, encode_jpeg
from calibration.stimuli.distortion import Distortion

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


def _clip(values: npt.NDArray[np.floating]) -> Image:
    return Image(np.clip(values + 0.5, 0, 255).astype(np.uint8))


def blur_sigma(level: float) -> float:
    """Gaussian sigma in pixels: 0.5 per level, so that level 50 leaves only a strong low-pass."""
    return 0.5 * level


def _blur(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001 - the family's signature
    sigma = blur_sigma(level)
    return Image(cv2.GaussianBlur(image.pixels, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101))


def brightness_offset(level: float) -> float:
    """Offset towards white as a share of full scale: 1 % per level (DepictQA: .1 to .5)."""
    return 0.01 * level


def _brightness(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    return _clip(image.pixels.astype(np.float32) + 255 * brightness_offset(level))


def saturation_factor(level: float) -> float:
    """Chroma gain: +6 % per level, 4 x at level 50 (the paper's figure goes stronger)."""
    return 1 + 0.06 * level


def _saturation(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    pixels = image.pixels.astype(np.float32)
    grey = (pixels @ _LUMA)[..., None]  # (H, W, 1)
    return _clip(grey + (pixels - grey) * saturation_factor(level))


def contrast_factor(level: float) -> float:
    """Contrast gain about the mean: -1.8 % per level, a tenth remains at level 50 (DepictQA: .75 to .2)."""
    return 1 - 0.018 * level


def _contrast(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    pixels = image.pixels.astype(np.float32)
    mean = pixels.mean()
    return _clip(mean + (pixels - mean) * np.float32(contrast_factor(level)))


def jpeg_quality(level: float) -> float:
    """IJG quality factor: 101 - level, the KonJND-1k scale."""
    return float(np.clip(round(101 - level), 1, 100))


def _jpeg(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    return decode(encode_jpeg(image, int(jpeg_quality(level)), progressive=False)).image


def noise_sigma(level: float) -> float:
    """Gaussian sigma as a share of full scale: 0.5 % per level (DepictQA: .05 to .25)."""
    return 0.005 * level


def _noise(image: Image, level: float, rng: np.random.Generator) -> Image:
    sample = rng.standard_normal(image.pixels.shape, dtype=np.float32)
    return _clip(image.pixels.astype(np.float32) + 255 * noise_sigma(level) * sample)


def banding_step(level: float) -> float:
    """Width of a tone in grey levels: 1 at level 0, 0.84 more per level, four tones left at level 100."""
    return 1 + 0.84 * level


def _banding(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    width = np.float32(banding_step(level))
    return _clip(np.round(image.pixels.astype(np.float32) / width) * width)


BLUR = Distortion("blur", "blur", 50, "sigma, px", blur_sigma, _blur)
BRIGHTNESS = Distortion(
    "brightness", "brightness", 50, "offset, share of full scale", brightness_offset, _brightness
)
SATURATION = Distortion("saturation", "color saturation", 50, "chroma gain", saturation_factor, _saturation)
CONTRAST = Distortion("contrast", "contrast", 50, "contrast gain", contrast_factor, _contrast)
JPEG = Distortion("jpeg", "JPEG compression", 100, "IJG quality", jpeg_quality, _jpeg)
NOISE = Distortion("noise", "noise", 50, "sigma, share of full scale", noise_sigma, _noise)
BANDING = Distortion("banding", "banding", 100, "tone width, grey levels", banding_step, _banding)
