"""Does this picture carry an added perturbation? Answered without a reference, at a calibrated rate.

A few flat tiles are measured by hand-made features and by a small network, boosted trees weigh both, and a
conformal calibration turns the score into a p-value within the picture's stratum. Expect no power after
heavy JPEG, against perturbations of one or two grey levels there, or against an attacker who knows the
detector.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from calibration.image import Image, SourceInfo
from predictor.artifact import ArtifactError, Part
from predictor.boosted_trees import BoostedTrees
from predictor.conformal import ConformalCalibration
from predictor.residual_features import (
    PictureTooSmallError,
    TileMeasures,
    Tiles,
    choose_tiles,
    measure_tiles,
)
from predictor.residual_network import TileNetwork

__all__ = ["Codec", "PictureTooSmallError", "ResidualDetector", "ResidualFinding", "codec_of"]

Floats = npt.NDArray[np.float32]
Stratum = Literal["lossless", "lossy"]
Value = TypeVar("Value")

# What a measure means to a person; only these can explain a score.
_MEANINGS: Mapping[str, str] = {
    "noise_luma_10": "strong noise",
    "noise_red_10": "colour noise",
    "noise_blue_10": "colour noise",
    "kurtosis_luma": "a noise distribution unlike camera grain",
    "kurtosis_red": "a colour-noise distribution unlike camera grain",
    "balance_luma": "one-sided noise",
    "evenness_luma": "unevenly spread noise",
    "lag_luma_0_1": "noise correlated between neighbouring pixels in an unusual way",
    "lag_luma_0_4": "noise with a block structure",
    "lag_red_0_1": "colour noise correlated in an unusual way",
    "colours_rg": "noise that differs between colour channels",
    "colours_gb": "noise that differs between colour channels",
    "steps_5_8": "many mid-sized steps between neighbouring pixels",
    "steps_9_16": "many large steps between neighbouring pixels",
    "zeros_on_top": "fine detail where compression leaves none",
    "dct_on_mid": "extra mid-frequency energy",
    "ring_luma_0.12": "extra energy at the scale a vision model's patches see",
}


@dataclass(frozen=True)
class ResidualFinding:
    """What the detector says of one picture."""

    score: float  # log-odds as learned; comparable within one artifact only
    p_value: float
    stratum: str
    explanation: str


@dataclass(frozen=True)
class Codec:
    """What the file format did to the noise."""

    is_lossless: bool
    jpeg_quality: int | None = None

    @property
    def stratum(self) -> Stratum:
        """The calibration this picture belongs to."""
        return "lossless" if self.is_lossless else "lossy"

    @property
    def inputs(self) -> tuple[float, float]:
        """What the network is told."""
        return float(self.is_lossless), (self.jpeg_quality or 0) / 100.0


def codec_of(source: SourceInfo) -> Codec:
    """Reduce a decoded file to what matters here."""
    return Codec(source.is_lossless, None if source.is_lossless else source.jpeg_quality)


class ResidualDetector:
    """The learned detector; build it with `from_part`."""

    def __init__(
        self,
        *,
        network: TileNetwork,
        trees: BoostedTrees,
        calibration: ConformalCalibration,
        normal: Mapping[str, Floats],
    ) -> None:
        """Take the parts; `normal` is, per stratum, (2, measures): median and spread of benign tile means."""
        self.network = network.eval()
        self.trees = trees
        self._calibration = calibration
        self._normal = normal

    @classmethod
    def from_part(cls, part: Part) -> "ResidualDetector":
        """Build from what `to_tensors` wrote.

        Raises:
            ArtifactError: Arrays are missing or of another shape.
        """
        try:
            network = TileNetwork()
            network.load_state_dict(_below(part.tensors, "network."))
            arrays = {name: tensor.numpy() for name, tensor in part.tensors.items()}
            return cls(
                network=network,
                trees=BoostedTrees.from_tensors(_below(arrays, "trees.")),
                calibration=ConformalCalibration(_below(arrays, "calibration.")),
                normal=_below(arrays, "normal."),
            )
        except (KeyError, ValueError, RuntimeError, IndexError) as error:
            raise ArtifactError(f"the residual part does not fit this program: {error}") from error

    def to_tensors(self) -> dict[str, Tensor]:
        """Return every array under the names `from_part` reads."""
        groups: dict[str, Mapping[str, npt.NDArray[np.generic]]] = {
            "trees.": self.trees.to_tensors(),
            "calibration.": self._calibration.scores,
            "normal.": self._normal,
        }
        tensors = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        for prefix, arrays in groups.items():
            tensors |= {prefix + name: torch.from_numpy(np.array(value)) for name, value in arrays.items()}
        return tensors

    def find(self, image: Image, source: SourceInfo) -> ResidualFinding:
        """Inspect one picture.

        Raises:
            PictureTooSmallError: It is too small to say anything.
        """
        codec = codec_of(source)
        measured, score = self._judge(image, codec)
        p_value = self.p_value(score, codec)
        return ResidualFinding(score, p_value, codec.stratum, self._explain(measured, codec, p_value))

    def score(self, image: Image, codec: Codec) -> float:
        """Return the score alone, for calibration and evaluation.

        Raises:
            PictureTooSmallError: The picture is too small.
        """
        return self._judge(image, codec)[1]

    def p_value(self, score: float, codec: Codec) -> float:
        """Return the p-value of a score within its codec's stratum."""
        return self._calibration.p_value(score, codec.stratum)

    def calibration_sizes(self) -> dict[str, int]:
        """Return how many benign pictures calibrate each stratum."""
        return {stratum: int(scores.size) for stratum, scores in self._calibration.scores.items()}

    def _judge(self, image: Image, codec: Codec) -> tuple[TileMeasures, float]:
        tiles = choose_tiles(image)
        measured = measure_tiles(tiles)
        row = describe(measured, score_tiles(self.network, tiles, codec), codec)
        return measured, float(self.trees.log_odds(row[None])[0])

    def _explain(self, measured: TileMeasures, codec: Codec, p_value: float) -> str:
        rate = f"about {100 * p_value:.2g} % of clean {codec.stratum} pictures look as unusual"
        if p_value > 0.05:
            return f"The noise of the flat areas is ordinary: {rate}."
        median, spread = self._normal[codec.stratum]
        oddness = np.abs(measured.values.mean(axis=0) - median) / spread
        ranked = sorted(zip(oddness, measured.names, strict=True), reverse=True)
        reasons = dict.fromkeys(_MEANINGS[name] for odd, name in ranked if name in _MEANINGS and odd > 1.5)
        described = " and ".join(list(reasons)[:2]) or "a combination of small irregularities"
        return f"The flat areas show {described}; {rate}."


@torch.inference_mode()
def score_tiles(network: TileNetwork, tiles: Tiles, codec: Codec) -> Floats:
    """Return the network's log-odds per tile; the network must be in evaluation mode."""
    batch = torch.from_numpy(tiles).permute(0, 3, 1, 2).float()  # (N, 3, S, S)
    codecs = torch.tensor([codec.inputs]).expand(len(batch), 2)
    scores: Floats = network(batch, codecs).numpy()
    return scores


def describe(measured: TileMeasures, tile_scores: Floats, codec: Codec) -> Floats:
    """Pool the tiles of one picture into the row the trees judge."""
    values = measured.values
    scores = np.array([tile_scores.mean(), tile_scores.max(), tile_scores.min(), tile_scores[0]])
    pooled = [values.mean(axis=0), values.min(axis=0), values.max(axis=0), scores, np.array(codec.inputs)]
    return np.concatenate(pooled).astype(np.float32)


def _below(items: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    """Select the entries under a prefix, which is cut off."""
    chosen = {name.removeprefix(prefix): value for name, value in items.items() if name.startswith(prefix)}
    if not chosen:
        raise KeyError(f"no arrays named {prefix}*")
    return chosen
