"""Copy scikit-learn's boosted trees into the arrays that serving evaluates. Training only."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import logit
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from predictor.boosted_trees import BoostedTrees


def export_trees(model: GradientBoostingClassifier) -> BoostedTrees:
    """Copy a fitted two-class model into arrays; leaves point to themselves."""
    prior = float(model.init_.class_prior_[1])
    return _export(model.estimators_[:, 0], model.learning_rate, float(logit(prior)))


def export_regression_trees(model: GradientBoostingRegressor) -> BoostedTrees:
    """Copy a fitted regression into arrays; `log_odds` then returns its values."""
    start = float(np.ravel(model.init_.constant_)[0])
    return _export(model.estimators_[:, 0], model.learning_rate, start)


def _export(estimators: Sequence[Any], learning_rate: float, bias: float) -> BoostedTrees:
    trees = [estimator.tree_ for estimator in estimators]
    width = max(tree.node_count for tree in trees)
    feature, threshold, value = (np.zeros((len(trees), width)) for _ in range(3))
    children = np.tile(np.arange(width)[None, :, None], (len(trees), 1, 2))
    for row, tree in enumerate(trees):
        inner = np.flatnonzero(tree.children_left >= 0)
        feature[row, inner] = tree.feature[inner]
        threshold[row, inner] = tree.threshold[inner]
        children[row, inner, 0], children[row, inner, 1] = (
            tree.children_left[inner],
            tree.children_right[inner],
        )
        value[row, : tree.node_count] = tree.value[:, 0, 0] * learning_rate
    rounded = threshold.astype(np.float32)
    # a 32-bit value is at most the 64-bit threshold exactly when it is at most the threshold rounded down
    rounded = np.where(rounded > threshold, np.nextafter(rounded, np.float32(-np.inf)), rounded)
    return BoostedTrees(
        feature=feature.astype(np.int32),
        threshold=rounded.astype(np.float32),
        children=children.astype(np.int32),
        value=value.astype(np.float32),
        bias=bias,
        depth=max(int(tree.max_depth) for tree in trees),
    )
