"""Evaluate gradient-boosted trees that were exported as plain arrays.

Serving needs neither scikit-learn nor pickle: a forest is four arrays, and all trees walk down together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class BoostedTrees:
    """A sum of regression trees: the log-odds of one class. A leaf points to itself."""

    feature: Integers  # (trees, nodes): column compared at the node
    threshold: Floats  # (trees, nodes): go left when the value is at most this
    children: Integers  # (trees, nodes, 2): left, right
    value: Floats  # (trees, nodes): what a leaf adds, shrinkage included
    bias: float
    depth: int

    def log_odds(self, rows: npt.NDArray[np.float32]) -> Floats:
        """Return the sum over trees for each row of (n, features) -> (n,)."""
        trees = np.arange(self.feature.shape[0])
        node = np.zeros((rows.shape[0], trees.size), dtype=np.int32)
        for _ in range(self.depth):
            values = np.take_along_axis(rows, self.feature[trees, node], axis=1)
            goes_right = (values > self.threshold[trees, node]).astype(np.int32)
            node = self.children[trees, node, goes_right]
        total: Floats = (self.value[trees, node].sum(axis=1, dtype=np.float64) + self.bias).astype(np.float32)
        return total

    def to_tensors(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays under the names `from_tensors` reads."""
        return {
            "feature": self.feature,
            "threshold": self.threshold,
            "children": self.children,
            "value": self.value,
            "bias": np.array([self.bias], dtype=np.float64),
            "depth": np.array([self.depth], dtype=np.int32),
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, npt.NDArray[np.generic]]) -> "BoostedTrees":
        """Read what `to_tensors` wrote.

        Raises:
            KeyError: An array is missing.
            ValueError: The arrays do not describe trees.
        """
        feature = tensors["feature"].astype(np.int32)
        trees = cls(
            feature=feature,
            threshold=tensors["threshold"].astype(np.float32),
            children=tensors["children"].astype(np.int32),
            value=tensors["value"].astype(np.float32),
            bias=float(tensors["bias"].astype(np.float64)[0]),
            depth=int(tensors["depth"].astype(np.int64)[0]),
        )
        if feature.ndim != 2 or trees.children.shape != (*feature.shape, 2):
            raise ValueError(f"expected trees x nodes arrays, got {feature.shape} and {trees.children.shape}")
        if trees.children.min() < 0 or trees.children.max() >= feature.shape[1]:
            raise ValueError("expected children inside their tree, got an index outside it")
        return trees
