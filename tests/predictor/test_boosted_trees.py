import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier

from predictor.boosted_trees import BoostedTrees
from predictor.learning.tree_export import export_trees


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, 7)).astype(np.float32)
    labels = rows[:, 0] * rows[:, 1] + 0.3 * rng.normal(size=400) > 0
    return GradientBoostingClassifier(n_estimators=30, max_depth=4, random_state=0).fit(rows, labels), rows


def test_trees_survive_a_round_trip_through_arrays(fitted):
    model, rows = fitted
    exported = export_trees(model)

    read = BoostedTrees.from_tensors(exported.to_tensors())

    assert np.array_equal(read.log_odds(rows), exported.log_odds(rows))


def test_children_outside_their_tree_are_refused(fitted):
    tensors = export_trees(fitted[0]).to_tensors()
    tensors["children"] = tensors["children"] + 1000

    with pytest.raises(ValueError, match="children"):
        BoostedTrees.from_tensors(tensors)
