"""Sort pictures into strata that each keep their own false-alarm rate: by container, and by noise if asked.

WebP looks more like a perturbation than JPEG does, whose lattice is known, and grain more than a clean scan;
judged by one common threshold they would raise nearly all false alarms. A stratum depends on the picture
alone, never on the verdict, so conformal p-values stay valid within it (Mondrian; Vovk et al. 2005,
sec. 4.5).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from calibration.image_source import SourceInfo
from predictor.residual.features import TileMeasures

Container = Literal["lossless", "fine JPEG", "coarse JPEG", "other lossy"]
Floats = npt.NDArray[np.float32]

CONTAINERS: tuple[Container, ...] = ("lossless", "fine JPEG", "coarse JPEG", "other lossy")
_FINE_QUALITY = 90
_NOISE = "noise_luma_10"  # log of the noise in the flattest tenth of each tile
_GRADES = {1: ("any noise",), 2: ("quiet", "noisy"), 3: ("quiet", "some noise", "noisy")}
# A perturbation is noise too and moves a picture into the noisiest grade, where thresholds are highest: on
# development pictures every cut cost detections and, the trees knowing grain, spared no false alarm.
_MOST_GRADES: Mapping[Container, int] = dict.fromkeys(CONTAINERS, 1)
_LEAST = 130  # training pictures in a grade: finer cuts leave too few calibration pictures in each


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


@dataclass(frozen=True, eq=False)
class Strata:
    """Where the noise grades of each container end: rising log noise, one grade more than edges."""

    edges: Mapping[str, Floats]

    def __post_init__(self) -> None:
        if set(self.edges) != set(CONTAINERS):
            raise ValueError(f"expected noise edges of {CONTAINERS}, got {sorted(self.edges)}")
        for container, edges in self.edges.items():
            if edges.ndim != 1 or len(edges) + 1 not in _GRADES or np.any(np.diff(edges) < 0):
                raise ValueError(f"expected up to two rising noise edges of {container!r}, got {edges}")

    @property
    def names(self) -> tuple[str, ...]:
        """Every stratum a picture can fall into."""
        grades = {container: _GRADES[len(self.edges[container]) + 1] for container in CONTAINERS}
        return tuple(f"{container}, {grade}" for container in CONTAINERS for grade in grades[container])

    def stratum_of(self, measured: TileMeasures, codec: Codec) -> str:
        """Name the stratum of a picture, for example `lossless, quiet`."""
        edges = self.edges[codec.container]
        grade = int(np.searchsorted(edges, noise_of(measured), side="right"))
        return f"{codec.container}, {_GRADES[len(edges) + 1][grade]}"


def noise_of(measured: TileMeasures) -> np.float32:
    """Return the picture's log noise level: the mean over its tiles."""
    return np.float32(measured.values[:, measured.names.index(_NOISE)].mean())


def fit_strata(
    pictures: Sequence[tuple[TileMeasures, Codec]], most_grades: Mapping[Container, int] = _MOST_GRADES
) -> Strata:
    """Cut each container's benign training pictures into equally large noise grades, as many as it fills."""
    noise: dict[Container, list[np.float32]] = {container: [] for container in CONTAINERS}
    for measured, codec in pictures:
        noise[codec.container].append(noise_of(measured))
    return Strata({container: _cut(levels, most_grades[container]) for container, levels in noise.items()})


def _cut(levels: list[np.float32], most_grades: int) -> Floats:
    grades = max(1, min(most_grades, len(levels) // _LEAST))
    if grades == 1:
        return np.zeros(0, dtype=np.float32)
    return np.quantile(levels, np.arange(1, grades) / grades).astype(np.float32)
