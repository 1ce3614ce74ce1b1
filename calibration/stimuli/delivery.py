"""What a proxy does to images on their way: WebP, rescale, PNG8, chroma subsampling.

Rescale leaves the picture small: the model's own resize, whatever it is, follows.
"""

import numpy as np
import numpy.typing as npt

from calibration.image import Image, decode, encode_webp, quantize_palette, resize
from calibration.opponent import LUMA
from calibration.stimuli.distortion import Distortion


def webp_quality(level: float) -> float:
    """WebP quality: 100 - 2 per level, the whole of the codec's scale: level 50 is its worst."""
    return float(np.clip(round(100 - 2 * level), 0, 100))


def _webp(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001 - the family's signature
    return decode(encode_webp(image, int(webp_quality(level)))).image


def rescale_factor(level: float) -> float:
    """Linear scale: -1.8 % per level, a tenth of the side remains at level 50.

    A tenth turns a 2,000 px photograph into a thumbnail of 200, less than any of the paper's models take in.
    """
    return 1 - 0.018 * level


def _rescale(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    factor = rescale_factor(level)
    width, height = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    return resize(image, width, height, "area")


def palette_colors(level: float) -> float:
    """Palette entries: 256 at level 0, falling geometrically to 2 at level 50.

    256 is all that PNG8 can hold, 2 the fewest that still show something; 7 levels halve the palette.
    """
    return float(round(256 * (2 / 256) ** (level / 50)))


def _png8(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    return quantize_palette(image, int(palette_colors(level)))


def chroma_scale(level: float) -> float:
    """Linear scale of the chroma planes: halved every ten levels, so that level 10 is 4:2:0.

    JPEG, WebP and video stop at level 10; level 20 is a quarter (4:1:0), and at level 50, a thirty-second,
    colour is a wash in which only large areas keep theirs. Luma is never touched.
    """
    return float(2 ** (-level / 10))


def _chroma(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    scale = chroma_scale(level)
    width, height = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    luma, planes = _split_chroma(image)
    coarse = resize(resize(planes, width, height, "area"), image.width, image.height, "bilinear")
    return _join_chroma(luma, coarse)


def _split_chroma(image: Image) -> tuple[npt.NDArray[np.float32], Image]:
    """Return luma (H, W) and an image of the planes Cb, Cr and an empty one (JFIF, full range)."""
    red, green, blue = np.moveaxis(image.pixels.astype(np.float32), 2, 0)
    luma = red * LUMA[0] + green * LUMA[1] + blue * LUMA[2]
    planes = np.stack([(blue - luma) / np.float32(1.772), (red - luma) / np.float32(1.402), 0 * luma], axis=2)
    return luma, Image(np.clip(planes + 128.5, 0, 255).astype(np.uint8))


def _join_chroma(luma: npt.NDArray[np.float32], planes: Image) -> Image:
    cb, cr, _ = np.moveaxis(planes.pixels.astype(np.float32) - 128, 2, 0)
    red, blue = luma + np.float32(1.402) * cr, luma + np.float32(1.772) * cb
    green = (luma - LUMA[0] * red - LUMA[2] * blue) / LUMA[1]
    return Image(np.clip(np.stack([red, green, blue], axis=2) + 0.5, 0, 255).astype(np.uint8))


WEBP = Distortion("webp", "WebP compression", 50, "quality", webp_quality, _webp)
RESCALE = Distortion("rescale", "resolution", 50, "linear scale", rescale_factor, _rescale)
PNG8 = Distortion("png8", "color palette", 50, "colors", palette_colors, _png8)
CHROMA = Distortion("chroma", "color resolution", 50, "linear scale of chroma", chroma_scale, _chroma)
