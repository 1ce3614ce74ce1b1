"""Low-level distortions: blur, brightness, saturation, contrast, JPEG, noise, banding.

The paper publishes no physical values (facts: VPA-JND, unpublished item 1). Ranges here follow the DepictQA
severities and the directions in the paper's figure at levels 12/36/48, in steps fine enough that a careful
person's threshold falls between levels 1 and 10; each function from level to unit says why its range ends
where it does.

Bytes are the same on every machine: sums over pixels are of integers, products are element by element and
never a BLAS call (whose order of summation depends on the processor), and OpenCV's Gaussian is fixed-point.
"""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, decode, encode_jpeg
from calibration.opponent import LUMA
from calibration.stimuli.distortion import Distortion


def _clip(values: npt.NDArray[np.floating]) -> Image:
    return Image(np.clip(values + 0.5, 0, 255).astype(np.uint8))


def blur_sigma(level: float) -> float:
    """Gaussian sigma in pixels: 0.5 per level.

    Level 1 is the least a pixel grid can show (a tenth of a pixel's light reaches its neighbour); DepictQA's
    strongest, 5, is level 10; level 50 leaves the strong low-pass of the paper's figure.
    """
    return 0.5 * level


def _blur(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001 - the family's signature
    sigma = blur_sigma(level)
    return Image(cv2.GaussianBlur(image.pixels, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101))


def brightness_offset(level: float) -> float:
    """Offset towards white as a share of full scale: 1 % per level.

    A step of 1 % is about the eye's contrast threshold; level 50, half of full scale, is DepictQA's strongest
    and drives half of an average picture into white.
    """
    return 0.01 * level


def _brightness(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    return _clip(image.pixels.astype(np.float32) + 255 * brightness_offset(level))


def saturation_factor(level: float) -> float:
    """Chroma gain: +6 % per level, 4 x at level 50.

    The paper's figure goes stronger, not weaker. 6 % is near a person's threshold; beyond 4 x most colours of
    a photograph are clipped at the edge of sRGB (DepictQA's 12 to 64 x change little more).
    """
    return 1 + 0.06 * level


def _saturation(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    pixels = image.pixels.astype(np.float32)
    red, green, blue = np.moveaxis(pixels, 2, 0)
    grey = (red * LUMA[0] + green * LUMA[1] + blue * LUMA[2])[..., None]  # (H, W, 1)
    return _clip(grey + (pixels - grey) * saturation_factor(level))


def contrast_factor(level: float) -> float:
    """Contrast gain about the mean: -1.8 % per level, a tenth remains at level 50.

    Weaker, towards grey, as in the paper's figure; half of DepictQA's weakest remainder (.2), while a gain
    of 0 would be a flat field of which nothing could be asked.
    """
    return 1 - 0.018 * level


def _contrast(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    pixels = image.pixels.astype(np.float32)
    mean = np.float32(int(image.pixels.sum(dtype=np.uint64)) / image.pixels.size)
    return _clip(mean + (pixels - mean) * np.float32(contrast_factor(level)))


def jpeg_quality(level: float) -> float:
    """IJG quality factor: 101 - level, the whole of the IJG scale.

    KonJND-1k, whose references the paper very likely used, grades its pictures so; 1 is the codec's worst.
    """
    return float(np.clip(round(101 - level), 1, 100))


def _jpeg(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    return decode(encode_jpeg(image, int(jpeg_quality(level)), progressive=False)).image


def noise_sigma(level: float) -> float:
    """Gaussian sigma as a share of full scale: 0.5 % per level, a quarter at level 50.

    Level 1, 1.3 grey levels, is the noise of a good camera at base sensitivity; level 50 is DepictQA's
    strongest. One seed is one sample: its levels differ in strength alone.
    """
    return 0.005 * level


def _noise(image: Image, level: float, rng: np.random.Generator) -> Image:
    sample = rng.standard_normal(image.pixels.shape, dtype=np.float32)
    return _clip(image.pixels.astype(np.float32) + 255 * noise_sigma(level) * sample)


def banding_step(level: float) -> float:
    """Width of a tone in grey levels: 1 at level 0, 0.84 more per level, 85 at level 100.

    85 leaves four tones per channel, as coarse as a poster. The paper's banding has no physical unit: its
    levels are the human scores of BAND-2k, which no picture of our own has.
    """
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
