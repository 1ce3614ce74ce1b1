import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from predictor.learning.tree_export import export_regression_trees, export_trees


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, 7)).astype(np.float32)
    labels = rows[:, 0] * rows[:, 1] + 0.3 * rng.normal(size=400) > 0
    return GradientBoostingClassifier(n_estimators=30, max_depth=4, random_state=0).fit(rows, labels), rows


def test_exported_trees_answer_as_the_library_does(fitted):
    model, rows = fitted

    exported = export_trees(model)

    assert exported.log_odds(rows) == pytest.approx(model.decision_function(rows), abs=1e-5)


@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_exported_regressions_answer_as_the_library_does(fitted, loss: str):
    rows = fitted[1]
    model = GradientBoostingRegressor(loss=loss, n_estimators=30, random_state=0).fit(rows, rows[:, 0] ** 2)

    assert export_regression_trees(model).log_odds(rows) == pytest.approx(model.predict(rows), abs=1e-5)


def test_values_that_lie_on_a_threshold_go_where_the_library_sends_them():
    rows = np.repeat(np.array([0.1, 0.3, 0.7], np.float32), 20)[:, None]
    model = GradientBoostingRegressor(n_estimators=5, random_state=0).fit(rows, rows[:, 0] ** 2)
    on_them = np.array([[tree.tree_.threshold[0]] for tree in model.estimators_[:, 0]], np.float32)
    around = np.concatenate([np.nextafter(on_them, np.float32(side)) for side in (0, 1)])
    asked = np.concatenate([on_them, around])

    assert export_regression_trees(model).log_odds(asked) == pytest.approx(model.predict(asked), abs=1e-6)


def test_a_model_that_has_nothing_to_split_says_its_mean():
    rows = np.zeros((10, 2), np.float32)
    model = GradientBoostingRegressor(n_estimators=3).fit(rows, np.full(10, 4.5))

    assert export_regression_trees(model).log_odds(rows).tolist() == [4.5] * 10
