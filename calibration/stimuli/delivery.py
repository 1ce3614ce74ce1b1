"""What a proxy does to images on their way: WebP, rescale, PNG8.

Rescale leaves the picture small: the model's own resize, whatever it is, follows.
"""

import numpy as np

from calibration.image import Image, decode, encode_webp, quantize_palette, resize
from calibration.stimuli.distortion import Distortion


def webp_quality(level: float) -> float:
    """WebP quality: 100 - 2 per level, so that level 50 is the codec's worst."""
    return float(np.clip(round(100 - 2 * level), 0, 100))


def _webp(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001 - the family's signature
    return decode(encode_webp(image, int(webp_quality(level)))).image


def rescale_factor(level: float) -> float:
    """Linear scale: -1.8 % per level, a tenth of the side remains at level 50."""
    return 1 - 0.018 * level


def _rescale(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    factor = rescale_factor(level)
    width, height = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    return resize(image, width, height, "area")


def palette_colors(level: float) -> float:
    """Palette entries: 256 at level 0, falling geometrically to 2 at level 50."""
    return float(round(256 * (2 / 256) ** (level / 50)))


def _png8(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    return quantize_palette(image, int(palette_colors(level)))


WEBP = Distortion("webp", "WebP compression", 50, "quality", webp_quality, _webp)
RESCALE = Distortion("rescale", "resolution", 50, "linear scale", rescale_factor, _rescale)
PNG8 = Distortion("png8", "color palette", 50, "colors", palette_colors, _png8)
