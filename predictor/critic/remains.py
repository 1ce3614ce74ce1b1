"""Which share of its score a picture's damage leaves: judged twice, believed as far as untouched ones allow.

Both judges read only what is measured, which tells damage on photographs they never saw better than what the
network sees: that remembers photographs. The less severe of the two counts. What its share is worth is a
table: among pictures that come as photographs usually do, few damaged, a share of .7 is mostly none at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import torch

from predictor.boosted_trees import BoostedTrees
from predictor.critic.measures import Floats

# Noisiness is 11 and less of 199 in 200 photographs of the training thirds, 19 and more at 5 levels of noise.
_PHOTOGRAPHS_NOISE, _CERTAIN_NOISE = 12.0, 30.0
_USUAL = 0.93  # a share that photographs have


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
class Shares:
    """Two judges of damage."""

    layers: Layers  # read evened rows
    trees: BoostedTrees  # read rows as they are

    def told(self, rows: Floats, evened: Floats) -> Floats:
        """Return the share that the milder judge tells of each row (N, F) of measures, 0 to 1."""
        told: Floats = np.maximum(self.layers.of(evened), np.clip(self.trees.log_odds(rows), 0, 1))
        return told


@dataclass(frozen=True, eq=False)
class Worth:
    """What is left where a share is told."""

    told: Floats  # (K,) rising, 0 to 1
    left: Floats  # (K,) rising, 0 to 1

    def of(self, told: Floats) -> Floats:
        """Return what is left, (N,)."""
        left: Floats = np.interp(told, self.told, self.left).astype(np.float32)
        return left


@dataclass(frozen=True, eq=False)
class Remains:
    """What two judges tell of damage, and what their word is worth."""

    shares: Shares
    worth: Worth

    @property
    def measured(self) -> int:
        """Return how many columns are read."""
        return int(self.shares.layers.first.shape[2])

    def left(self, rows: Floats, evened: Floats, noisiness: Floats | float) -> Floats:
        """Return which share of its score is left to each row (N, F) of measures, 0 to 1.

        Noise as no photograph has it leaves no doubt of the damage: there the share counts as it is told.
        """
        told = self.shares.told(rows, evened)
        certain = np.clip((noisiness - _PHOTOGRAPHS_NOISE) / (_CERTAIN_NOISE - _PHOTOGRAPHS_NOISE), 0, 1)
        left: Floats = (1 - certain) * self.worth.of(told) + certain * np.minimum(told / _USUAL, 1)
        return left

    def to_tensors(self) -> dict[str, torch.Tensor]:
        """Return the arrays of `from_tensors`."""
        worth = {
            "remains.told": torch.from_numpy(self.worth.told),
            "remains.left": torch.from_numpy(self.worth.left),
        }
        judges = self.shares.layers.to_tensors("remains") | tree_tensors(self.shares.trees, "remains.trees")
        return worth | judges

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, torch.Tensor]) -> "Remains":
        """Take the arrays of an artifact."""
        shares = Shares(Layers.from_tensors(tensors, "remains"), trees_from_tensors(tensors, "remains.trees"))
        return cls(shares, Worth(tensors["remains.told"].numpy(), tensors["remains.left"].numpy()))


def tree_tensors(trees: BoostedTrees, name: str) -> dict[str, torch.Tensor]:
    """Return the arrays of `trees_from_tensors`."""
    return {f"{name}.{key}": torch.from_numpy(np.array(array)) for key, array in trees.to_tensors().items()}


def trees_from_tensors(tensors: Mapping[str, torch.Tensor], name: str) -> BoostedTrees:
    """Take the trees that an artifact holds under a name."""
    found = {
        key.removeprefix(f"{name}."): tensor.numpy()
        for key, tensor in tensors.items()
        if key.startswith(f"{name}.")
    }
    return BoostedTrees.from_tensors(found)
