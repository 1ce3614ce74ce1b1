"""Sort pictures by container into strata that each keep their own false-alarm rate.

WebP looks more like a perturbation than JPEG does, whose lattice is known; judged by one common threshold it
would raise nearly all false alarms. A stratum depends on the file alone, never on the verdict, so conformal
p-values stay valid within it (Mondrian; Vovk et al. 2005, sec. 4.5). Noise does not sort: a perturbation is
noise too and moves a picture among the noisiest, where thresholds are highest; on development pictures every
cut by noise cost detections and spared no false alarm.
"""

from dataclasses import dataclass
from typing import Literal

from calibration.image_source import SourceInfo

Container = Literal["lossless", "fine JPEG", "coarse JPEG", "other lossy"]

CONTAINERS: tuple[Container, ...] = ("lossless", "fine JPEG", "coarse JPEG", "other lossy")
_FINE_QUALITY = 90


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
    def stratum(self) -> str:
        """The stratum of pictures in such files, for example `lossless, any noise`."""
        return _stratum(self.container)

    @property
    def inputs(self) -> tuple[float, float]:
        """What the network is told."""
        return float(self.is_lossless), (self.jpeg_quality or 0) / 100.0


def codec_of(source: SourceInfo) -> Codec:
    """Reduce a decoded file to what matters here."""
    return Codec(source.is_lossless, None if source.is_lossless else source.jpeg_quality)


def _stratum(container: Container) -> str:
    return f"{container}, any noise"  # an artifact's arrays carry this name


STRATA = tuple(_stratum(container) for container in CONTAINERS)
