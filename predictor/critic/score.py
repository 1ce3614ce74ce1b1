"""From what was measured and seen of a picture to its mean opinion score: regressions, as plain arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import torch

from predictor.boosted_trees import BoostedTrees
from predictor.critic.measures import Floats

_DAMAGED, _USUAL, _POINTS = 0.45, 0.93, 8.0  # by cross-validation over the training thirds
# Noisiness is 11 and less of 199 in 200 photographs of the training thirds, 19 and more at 5 levels of noise.
_PHOTOGRAPHS_NOISE, _CERTAIN_NOISE = 12.0, 30.0
_TREES = 0.35  # of the score; the kernel gives the rest
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
class Layers:
    """Small networks of two hidden layers, on rows that were evened out; their mean, 0 to 1."""

    first: Floats  # (E, H, F)
    first_bias: Floats  # (E, H)
    second: Floats  # (E, K, H)
    second_bias: Floats  # (E, K)
    last: Floats  # (E, K)
    last_bias: Floats  # (E,)

    def of(self, evened: Floats) -> Floats:
        """Return the value of each row (N, F)."""
        members, hidden, _ = self.first.shape
        flat = self.first.reshape(members * hidden, -1)
        seen = (evened @ flat.T).reshape(len(evened), members, hidden) + self.first_bias  # (N, E, H)
        told = np.einsum("neh,ekh->nek", np.maximum(seen, 0), self.second) + self.second_bias
        score = np.einsum("nek,ek->ne", np.maximum(told, 0), self.last) + self.last_bias
        values: Floats = (1 / (1 + np.exp(-score))).mean(axis=1)
        return values

    def to_tensors(self, name: str) -> dict[str, torch.Tensor]:
        """Return the arrays of `from_tensors`, in half precision."""
        return {
            f"{name}.{one.name}": torch.from_numpy(getattr(self, one.name)).half() for one in fields(self)
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, torch.Tensor], name: str) -> "Layers":
        """Take the arrays of an artifact."""
        return cls(**{one.name: tensors[f"{name}.{one.name}"].float().numpy() for one in fields(cls)})


@dataclass(frozen=True, eq=False)
class Quality:
    """What people would say of a picture as if untouched, and which share of that its damage leaves."""

    evening: Evening
    natural: Kernel  # points
    trees: BoostedTrees  # points too, by other means: their errors differ; they read rows as they are
    remains: Layers  # a share

    def mos(self, rows: Floats, noisiness: Floats | float) -> Floats:
        """Return the score of rows (N, F), 0 to 100, given how noisy each picture was judged, 0 to 100.

        Photographs that nobody damaged are taken for damaged by a little, some more than others: the share
        counts as itself from `_DAMAGED` down, and for a few points above. Noise as no photograph has it
        leaves no doubt of the damage: there the share counts as itself.
        """
        evened = self.evening.apply(rows)
        share = np.clip(self.remains.of(evened), 0, 1)
        natural = (1 - _TREES) * self.natural.of(evened) + _TREES * self.trees.log_odds(rows)
        certain = np.clip((noisiness - _PHOTOGRAPHS_NOISE) / (_CERTAIN_NOISE - _PHOTOGRAPHS_NOISE), 0, 1)
        counted = _DAMAGED + certain * (_USUAL - _DAMAGED)
        scores: Floats = natural * np.minimum(share / counted, 1) - _POINTS * (_USUAL - share)
        return np.clip(scores, 0, 100)

    def to_tensors(self) -> dict[str, torch.Tensor]:
        """Return the arrays of `from_tensors`."""
        evening = {
            "evening.middle": torch.from_numpy(self.evening.middle),
            "evening.spread": torch.from_numpy(self.evening.spread),
        }
        trees = {
            f"trees.{name}": torch.from_numpy(np.array(array))
            for name, array in self.trees.to_tensors().items()
        }
        return evening | trees | self.natural.to_tensors("natural") | self.remains.to_tensors("remains")

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, torch.Tensor]) -> "Quality":
        """Take the arrays of an artifact."""
        evening = Evening(tensors["evening.middle"].numpy(), tensors["evening.spread"].numpy())
        names = [name for name in tensors if name.startswith("trees.")]
        trees = BoostedTrees.from_tensors(
            {name.removeprefix("trees."): tensors[name].numpy() for name in names}
        )
        return cls(
            evening, Kernel.from_tensors(tensors, "natural"), trees, Layers.from_tensors(tensors, "remains")
        )
