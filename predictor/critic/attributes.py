"""Score five attributes of a picture, 0 to 100 each.

Contrast is a formula, colourfulness a line of its own (`predictor.critic.colourfulness`). Brightness is a
straight line through how light the darkest, the middle and the lightest tones are, learned from exposures of
many pictures: a haze over blacks or burnt whites tell that a picture was lightened, where mean light tells
rather what it shows. No weight is below nothing, so that lightening never lowers it. Noisiness and sharpness
are straight lines through logarithms of what was measured, learned by which of two versions of one picture is
the noisier or the sharper. Lines are put on the scale by tables. What each score means is told beside
`predictor.critic.critique.Attributes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from predictor.critic.colourfulness import ColourModel
from predictor.critic.critique import Attributes
from predictor.critic.measures import MAPS, Floats, Measures

Table = tuple[tuple[float, ...], tuple[float, ...]]  # from what was measured to points, both rising

# Medians of well-taken photographs (BIQ2021's of the training thirds with MOS of 70 and more) lie at 50.
_LIGHT: Table = ((0.0, 0.44, 1.0), (0.0, 50.0, 100.0))  # mean light, 0 to 1
_CONTRAST: Table = ((0.0, 0.235, 0.45), (0.0, 50.0, 100.0))  # standard deviation of light; two tones have 0.5

_SIGNED = tuple(
    index for index, name in enumerate(MAPS) if name.startswith("product_") and "size" not in name
)
_TAKEN = tuple(
    index
    for index, name in enumerate(MAPS)
    if name.split("_")[0] in {"spread", "normal", "product", "across", "down", "noise", "lone", "flat"}
    or name.endswith(("fine", "coarse"))
)
_ARRAYS = ("tones", "mean", "scale", "weights", "scores", "values")


@dataclass(frozen=True, eq=False)
class AttributeModel:
    """What was learned of brightness, of colourfulness, and of noisiness and sharpness, in this order."""

    tones: Floats  # (15,) of `tone_row`, none below 0
    usual_tones: float  # the line's value at a usual photograph's tones; black's is 0
    mean: Floats  # (F,) of `ranking_row`
    scale: Floats  # (F,)
    weights: Floats  # (2, F)
    scores: Floats  # (2, K) each rising
    values: Floats  # (2, K) 0 to 100, each rising
    colours: ColourModel

    def judge(self, measures: Measures) -> Attributes:
        """Score the five attributes."""
        noisiness, sharpness = self.ranked(measures)
        return Attributes(
            brightness=self.brightness(measures),
            colorfulness=self.colours.judge(measures),
            contrast=contrast(measures),
            noisiness=noisiness,
            sharpness=sharpness,
        )

    def brightness(self, measures: Measures) -> float:
        """Return brightness alone."""
        white = float(self.tones.sum())
        usual = min(self.usual_tones, white - 1e-6)
        return _placed(float(self.tones @ tone_row(measures)), ((0.0, usual, white), (0.0, 50.0, 100.0)))

    def ranked(self, measures: Measures) -> tuple[float, float]:
        """Return noisiness and sharpness."""
        raw = self.weights @ ((ranking_row(measures) - self.mean) / self.scale)
        noisiness, sharpness = (
            float(np.interp(score, knots, values))
            for score, knots, values in zip(raw, self.scores, self.values, strict=True)
        )
        return noisiness, sharpness

    def to_tensors(self) -> dict[str, torch.Tensor]:
        """Return the arrays of `from_tensors`."""
        return {
            f"attributes.{name}": torch.from_numpy(np.array(getattr(self, name), np.float32))
            for name in ("usual_tones", *_ARRAYS)
        } | self.colours.to_tensors()

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, torch.Tensor]) -> "AttributeModel":
        """Take the arrays of an artifact."""
        arrays = {name: tensors[f"attributes.{name}"].numpy() for name in _ARRAYS}
        colours = ColourModel.from_tensors(tensors)
        return cls(usual_tones=float(tensors["attributes.usual_tones"]), colours=colours, **arrays)


def lightness(measures: Measures) -> float:
    """Score the mean light, which a part of a picture has as well."""
    return _placed(float(measures.map("light").mean()), _LIGHT)


def contrast(measures: Measures) -> float:
    """Score the standard deviation of light."""
    variance = float(measures.map("light_squared").mean()) - float(measures.map("light").mean()) ** 2
    return _placed(np.sqrt(max(variance, 0.0)), _CONTRAST)


def tone_row(measures: Measures) -> Floats:
    """Return (15,): mean light, the light that 1, 5, 25, 50, 75, 95 and 99 % stay below, and their roots."""
    levels = measures.levels
    mean = [float(measures.map("light").mean())]
    row: Floats = np.concatenate([mean, levels, np.sqrt(levels)]).astype(np.float32)
    return row


def ranking_row(measures: Measures) -> Floats:
    """Return (F,): logarithms of what tells noise and edges, its mean and two percentiles over blocks."""
    blocks = measures.blocks.reshape(-1, measures.blocks.shape[-1])
    ordered = np.sort(blocks, axis=0)
    pooled = np.stack([blocks.mean(axis=0), ordered[len(ordered) // 10], ordered[-1 - len(ordered) // 10]])
    signs = pooled[:, list(_SIGNED)]
    logarithms = np.log(np.maximum(pooled[:, list(_TAKEN)], 0) + np.float32(1e-3))
    row: Floats = np.concatenate([signs.ravel(), logarithms.ravel()]).astype(np.float32)
    return row


def _placed(value: float, table: Table) -> float:
    return float(np.interp(value, *table))
