"""From what was measured and seen of a picture to its mean opinion score: regressions, as plain arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from predictor.boosted_trees import BoostedTrees
from predictor.critic.measures import Floats
from predictor.critic.remains import Remains, tree_tensors, trees_from_tensors

_TREES = 0.35  # of the score, by cross-validation over the training thirds; the kernel gives the rest
_LIMIT = 3.5  # spreads, after the inverse hyperbolic sine: beyond it, what was measured is only "far off"


@dataclass(frozen=True, eq=False)
class Evening:
    """How columns of unlike units are brought to one scale."""

    middle: Floats  # (F,)
    spread: Floats  # (F,)

    def apply(self, rows: Floats) -> Floats:
        """Even out rows (N, F)."""
        evened: Floats = np.clip(np.arcsinh((rows - self.middle) / self.spread), -_LIMIT, _LIMIT)
        return evened

    @classmethod
    def of(cls, rows: Floats) -> "Evening":
        """Take the median and the spread of the middle half of rows."""
        low, middle, high = np.percentile(rows, [25, 50, 75], axis=0)
        spread = (high - low) / 1.35 + 1e-6 * np.abs(rows).max(axis=0) + 1e-9
        return cls(middle.astype(np.float32), spread.astype(np.float32))


@dataclass(frozen=True, eq=False)
class Kernel:
    """One regression with a radial kernel, on rows that were evened out."""

    weights: Floats  # (F,) of columns, so that what is measured and what is seen count as they should
    centres: Floats  # (C, F) weighted rows
    strengths: Floats  # (C,)
    bias: float

    def of(self, evened: Floats) -> Floats:
        """Return the value of each row (N, F)."""
        shown = evened * self.weights
        distances = (shown**2).sum(axis=1)[:, None] + self._norms - 2 * shown @ self.centres.T
        values: Floats = np.exp(-np.maximum(distances, 0)) @ self.strengths + self.bias
        return values

    @cached_property
    def _norms(self) -> Floats:
        norms: Floats = np.einsum("cf,cf->c", self.centres, self.centres)
        return norms

    def to_tensors(self, name: str) -> dict[str, torch.Tensor]:
        """Return the arrays of `from_tensors`; the centres in half precision."""
        return {
            f"{name}.weights": torch.from_numpy(self.weights),
            f"{name}.centres": torch.from_numpy(self.centres).half(),
            f"{name}.strengths": torch.from_numpy(self.strengths),
            f"{name}.bias": torch.tensor([self.bias]),
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, torch.Tensor], name: str) -> "Kernel":
        """Take the arrays of an artifact."""
        read = {key: tensors[f"{name}.{key}"].float().numpy() for key in ("weights", "centres", "strengths")}
        return cls(**read, bias=float(tensors[f"{name}.bias"][0]))


@dataclass(frozen=True, eq=False)
class Natural:
    """What people would say of a picture as if it were untouched: the mean of two unlike regressions."""

    kernel: Kernel  # reads rows that were evened out
    trees: BoostedTrees  # read rows as they are

    def of(self, rows: Floats, evened: Floats) -> Floats:
        """Return the score of each row (N, F), in points."""
        points: Floats = (1 - _TREES) * self.kernel.of(evened) + _TREES * self.trees.log_odds(rows)
        return points


@dataclass(frozen=True, eq=False)
class Quality:
    """What people would say of a picture as if untouched, and which share of that its damage leaves."""

    evening: Evening
    natural: Natural
    remains: Remains  # reads the first columns, which are measured

    def mos(self, rows: Floats, noisiness: Floats | float) -> Floats:
        """Return the score of rows (N, F), 0 to 100, given how noisy each picture was judged, 0 to 100."""
        measured, evened = self.remains.measured, self.evening.apply(rows)
        left = self.remains.left(rows[:, :measured], evened[:, :measured], noisiness)
        scores: Floats = np.clip(self.natural.of(rows, evened) * left, 0, 100)
        return scores

    def to_tensors(self) -> dict[str, torch.Tensor]:
        """Return the arrays of `from_tensors`."""
        evening = {
            "evening.middle": torch.from_numpy(self.evening.middle),
            "evening.spread": torch.from_numpy(self.evening.spread),
        }
        natural = self.natural.kernel.to_tensors("natural") | tree_tensors(self.natural.trees, "trees")
        return evening | natural | self.remains.to_tensors()

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, torch.Tensor]) -> "Quality":
        """Take the arrays of an artifact."""
        return cls(
            Evening(tensors["evening.middle"].numpy(), tensors["evening.spread"].numpy()),
            Natural(Kernel.from_tensors(tensors, "natural"), trees_from_tensors(tensors, "trees")),
            Remains.from_tensors(tensors),
        )
