"""Sort pictures by container into strata that each keep their own false-alarm rate.

WebP looks more like a perturbation than JPEG does, whose lattice is known, and good JPEG more than coarse
JPEG; judged by one common threshold they would raise nearly all false alarms. Lossless pictures of few
colours (GIF, 1-bit, pixel art) are apart: their dither is noise by intent. A stratum depends on the picture
alone, never on the verdict, so conformal p-values stay valid within it (Mondrian; Vovk et al. 2005, sec.
4.5). The strength of noise does not sort: a perturbation is noise too and moves a picture among the noisiest,
where thresholds are highest; on development pictures every cut by noise cost detections and spared no false
alarm.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from calibration.image_source import SourceInfo

Container = Literal["lossless", "fine JPEG", "coarse JPEG", "other lossy"]

CONTAINERS: tuple[Container, ...] = ("lossless", "fine JPEG", "coarse JPEG", "other lossy")
_FINE_QUALITY = 90
_FEW_COLOURS = 256  # what GIF and PNG palettes hold


@dataclass(frozen=True)
class Codec:
    """What the file format did to the noise."""

    is_lossless: bool
    jpeg_quality: int | None = None

    @property
    def container(self) -> Container:
        """The coarse kind of file: JPEG of quality 90 and more keeps most noise."""
        if self.is_lossless:
            return "lossless"
        if self.jpeg_quality is None:
            return "other lossy"
        return "fine JPEG" if self.jpeg_quality >= _FINE_QUALITY else "coarse JPEG"

    @property
    def inputs(self) -> tuple[float, float]:
        """What the network is told."""
        return float(self.is_lossless), (self.jpeg_quality or 0) / 100.0


def codec_of(source: SourceInfo) -> Codec:
    """Reduce a decoded file to what matters here."""
    return Codec(source.is_lossless, None if source.is_lossless else source.jpeg_quality)


def stratum_of(codec: Codec, tiles: npt.NDArray[np.uint8]) -> str:
    """Name the stratum of a picture, of which (n, S, S, 3) tiles are at hand."""
    return "few colours" if codec.is_lossless and has_few_colours(tiles) else codec.container


def has_few_colours(tiles: npt.NDArray[np.uint8]) -> bool:
    """Whether a palette could hold all the colours of the (n, S, S, 3) tiles, and they are not grey tones."""
    packed = tiles.reshape(-1, 3).astype(np.uint32) @ np.array([65536, 256, 1], dtype=np.uint32)
    colours = np.unique(packed)
    tones = colours[colours >> 8 == (colours & 0xFFFF)]
    # A grey photograph has few colours too, but noise of any kind; two or four tones are dither.
    return colours.size <= _FEW_COLOURS and (tones.size < colours.size or tones.size <= _FEW_COLOURS // 16)


STRATA: tuple[str, ...] = (*CONTAINERS, "few colours")
