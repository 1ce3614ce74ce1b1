"""Evaluate gradient-boosted trees that were exported as plain arrays.

Serving needs neither scikit-learn nor pickle: a forest is four arrays, and all trees walk down together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class _Paths:
    root: npt.NDArray[np.intp]  # (trees,)
    feature: npt.NDArray[np.intp]  # (trees * nodes,)
    threshold: Floats  # (trees * nodes,)
    children: npt.NDArray[np.intp]  # (trees * nodes * 2,): left, right


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
        paths, values = self._paths, np.ascontiguousarray(rows).ravel()
        first = np.arange(rows.shape[0])[:, None] * rows.shape[1]
        node = np.broadcast_to(paths.root, (rows.shape[0], paths.root.size))  # (n, trees)
        for _ in range(self.depth):
            goes_right = values[first + paths.feature[node]] > paths.threshold[node]
            node = paths.children[2 * node + goes_right]
        added = self.value.ravel()[node].sum(axis=1, dtype=np.float64)
        total: Floats = (added + self.bias).astype(np.float32)
        return total

    @cached_property
    def _paths(self) -> "_Paths":
        """The same arrays flat, nodes numbered through: half the time to walk."""
        trees, nodes = self.feature.shape
        root = np.arange(trees) * nodes
        children = self.children.astype(np.intp) + root[:, None, None]
        return _Paths(root, self.feature.astype(np.intp).ravel(), self.threshold.ravel(), children.ravel())

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
