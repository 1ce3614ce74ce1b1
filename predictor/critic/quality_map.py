"""Judge each ninth of a picture on the scale of the whole, and say what is wrong where one falls behind."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from predictor.critic.attributes import AttributeModel, lightness
from predictor.critic.colourfulness import paleness
from predictor.critic.critique import Flaw, Ninth, QualityMap
from predictor.critic.measures import GRID, Floats, Measures
from predictor.critic.score import Evening

SMALLEST = 96  # pixels of a side: below it, a ninth is too small to be judged by itself
_THIRD = GRID // 3
_NOTICED = 12.0  # points of an attribute by which a ninth must differ from the median of all


@dataclass(frozen=True, eq=False)
class MapModel:
    """A straight line from what was measured of a ninth, and how it differs, to the points it loses."""

    evening: Evening
    weights: Floats  # (F,)
    bias: float

    def losses(self, measures: Measures) -> Floats:
        """Return the points of MOS that each ninth lies below the picture, (9,), before any limit."""
        losses: Floats = self.evening.apply(described_ninths(measures)) @ self.weights + self.bias
        return losses

    def judge(self, measures: Measures, mos: float, attributes: AttributeModel) -> QualityMap:
        """Return the ninths of a picture that is `mos` as a whole."""
        losses = self.losses(measures)
        scores = np.clip(mos - (losses - np.median(losses)), 0, 100)
        flaws = _flaws(measures, attributes)
        named = scores < mos - 1e-6
        return QualityMap(
            tuple(
                Ninth(float(score), flaw if is_named else None)
                for score, flaw, is_named in zip(scores, flaws, named, strict=True)
            )
        )

    def to_tensors(self) -> dict[str, torch.Tensor]:
        """Return the arrays of `from_tensors`."""
        return {
            "map.middle": torch.from_numpy(self.evening.middle),
            "map.spread": torch.from_numpy(self.evening.spread),
            "map.weights": torch.from_numpy(self.weights),
            "map.bias": torch.tensor([self.bias]),
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, torch.Tensor]) -> "MapModel":
        """Take the arrays of an artifact."""
        middle, spread, weights = (tensors[f"map.{name}"].numpy() for name in ("middle", "spread", "weights"))
        return cls(Evening(middle, spread), weights, float(tensors["map.bias"][0]))


def ninths(measures: Measures) -> list[Measures]:
    """Return the measures of each ninth by itself, row by row; their tones are the whole picture's."""
    return [
        Measures(
            measures.blocks[row : row + _THIRD, column : column + _THIRD],
            measures.tones,
        )
        for row in range(0, GRID, _THIRD)
        for column in range(0, GRID, _THIRD)
    ]


def described_ninths(measures: Measures) -> Floats:
    """Return (9, F): each ninth's logarithms, their distance from the median of all nine, signed and not."""
    rows = np.stack([_described(part.blocks.reshape(_THIRD * _THIRD, -1)) for part in ninths(measures)])
    differences = rows - np.median(rows, axis=0)
    described: Floats = np.hstack([rows, differences, np.abs(differences)]).astype(np.float32)
    return described


def _described(blocks: Floats) -> Floats:
    ordered = np.sort(blocks, axis=0)
    pooled = np.concatenate([blocks.mean(axis=0), ordered[1], ordered[-2]])
    described: Floats = np.sign(pooled) * np.log1p(np.abs(pooled) * 300)
    return described


def _flaws(measures: Measures, model: AttributeModel) -> list[Flaw | None]:
    """Name for each ninth the attribute by which it differs most from the others, on its bad side."""
    parts = ninths(measures)
    scores, light = [model.judge(part) for part in parts], np.array([lightness(part) for part in parts])
    sides: dict[Flaw, Floats] = {
        "blurred": -np.array([one.sharpness for one in scores]),
        "noisy": np.array([one.noisiness for one in scores]),
        "dark": -light,
        "bright": light,
        "flat": -np.array([one.contrast for one in scores]),
        "pale": np.array([paleness(part) for part in parts]),
    }
    names: list[Flaw] = list(sides)
    excess = np.stack([side - np.median(side) for side in sides.values()])  # (6, 9)
    most = excess.argmax(axis=0)
    return [names[most[at]] if excess[most[at], at] >= _NOTICED else None for at in range(excess.shape[1])]
