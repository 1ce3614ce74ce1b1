"""Tell whether a picture carries an added perturbation, without a reference, at a calibrated rate.

A few flat tiles are measured by hand-made features and by a small network, boosted trees weigh both, and a
conformal calibration turns the score into a p-value within the picture's stratum, its kind of file. Expect
no power after heavy JPEG, against perturbations of one or two grey levels there, or against an attacker who
knows the detector.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from calibration.image import Image
from calibration.image_source import SourceInfo
from predictor.artifact import ArtifactError, Part
from predictor.boosted_trees import BoostedTrees
from predictor.guarantees.conformal import ConformalCalibration
from predictor.residual.features import (
    MIN_SIDE,
    PictureTooSmallError,
    TileMeasures,
    Tiles,
    choose_tiles,
    measure_tiles,
)
from predictor.residual.network import TileNetwork
from predictor.residual.strata import STRATA, Codec, codec_of, stratum_of

__all__ = ["Codec", "PictureTooSmallError", "ResidualDetector", "ResidualFinding", "codec_of"]

Floats = npt.NDArray[np.float32]
Value = TypeVar("Value")

CONFIDENCE = 0.8  # that a realised rate stays below its p-value; more needs larger calibration sets

# What a measure means to a person; only these can explain a score.
_MEANINGS: Mapping[str, str] = {
    "noise_luma_10": "strong noise",
    "noise_red_10": "colour noise",
    "noise_blue_10": "colour noise",
    "kurtosis_luma": "a noise distribution unlike camera grain",
    "kurtosis_red": "a colour-noise distribution unlike camera grain",
    "balance_luma": "one-sided noise",
    "evenness_luma": "unevenly spread noise",
    "even_strength": "noise that is equally strong everywhere",
    "mosaic_green": "none of the rhythm a camera's mosaic leaves",
    "gain_spread": "an unusual balance of noise between the colours",
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


class ResidualDetector:
    """The learned detector; build it with `from_part`."""

    def __init__(
        self,
        *,
        network: TileNetwork,
        trees: BoostedTrees,
        measures: tuple[str, ...],
        calibration: ConformalCalibration,
        normal: Mapping[str, Floats],
    ) -> None:
        """Take the parts.

        `measures` names those the trees know, in their order: later programs may take more. `normal` is,
        per stratum, (2, measures): median and spread of benign tile means.
        """
        self.network = network.eval()
        self.trees = trees
        self.measures = measures
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
                measures=_known(part.card["measures"]),
                calibration=ConformalCalibration(_of_every_stratum(arrays, "calibration.")),
                normal=_of_every_stratum(arrays, "normal."),
            )
        except (LookupError, ValueError, RuntimeError, TypeError) as error:
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
        return self.judge(image, codec_of(source))

    def judge(self, image: Image, codec: Codec) -> ResidualFinding:
        """Inspect pixels of which only the codec is known, for evaluation.

        Raises:
            PictureTooSmallError: The picture is too small to say anything.
        """
        tiles = choose_tiles(image)
        measured = measure_tiles(tiles).chosen(self.measures)
        row = describe(measured, score_tiles(self.network, tiles, codec), codec)
        score = float(self.trees.log_odds(row[None])[0])
        stratum = stratum_of(codec, tiles)
        p_value = self._calibration.assured_p_value(score, stratum, CONFIDENCE)
        return ResidualFinding(score, p_value, stratum, self._explain(measured, stratum, p_value))

    def calibration_sizes(self) -> dict[str, int]:
        """Return how many benign pictures calibrate each stratum."""
        return {stratum: int(scores.size) for stratum, scores in self._calibration.scores.items()}

    def _explain(self, measured: TileMeasures, stratum: str, p_value: float) -> str:
        share = float(f"{100 * p_value:.2g}")  # %, without an exponent at 100
        rate = f"about {share:g} % of clean pictures of its kind ({stratum}) look as unusual"
        if p_value > 0.05:
            return f"The noise of the flat areas is ordinary: {rate}."
        median, spread = self._normal[stratum]
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


def _known(measures: Sequence[str]) -> tuple[str, ...]:
    """Check the artifact's measures against this program's."""
    names = tuple(measures)
    flat = np.zeros((1, MIN_SIDE, MIN_SIDE, 3), dtype=np.uint8)
    return measure_tiles(flat).chosen(names).names


def _of_every_stratum(items: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    """Select the entries under a prefix; pictures of every stratum must find theirs."""
    found = _below(items, prefix)
    if set(found) != set(STRATA):
        raise ValueError(f"expected arrays of the strata {STRATA} at {prefix}*, got {sorted(found)}")
    return found


def _below(items: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    """Select the entries under a prefix, which is cut off."""
    chosen = {name.removeprefix(prefix): value for name, value in items.items() if name.startswith(prefix)}
    if not chosen:
        raise KeyError(f"no arrays named {prefix}*")
    return chosen
