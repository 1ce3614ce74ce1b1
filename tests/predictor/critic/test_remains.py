import numpy as np
import pytest

from predictor.boosted_trees import BoostedTrees
from predictor.critic.remains import Layers, Remains, Shares, Worth


def _remains(layers_say: float, trees_say: float) -> Remains:
    """Judges that say the same of every row of two measures."""
    odds = np.log(layers_say / (1 - layers_say))
    zeros = [np.zeros(shape, np.float32) for shape in ((1, 3, 2), (1, 3), (1, 2, 3), (1, 2), (1, 2))]
    layers = Layers(*zeros, np.array([odds], np.float32))
    trees = BoostedTrees(
        feature=np.zeros((1, 1), np.int32),
        threshold=np.zeros((1, 1), np.float32),
        children=np.zeros((1, 1, 2), np.int32),
        value=np.zeros((1, 1), np.float32),
        bias=trees_say,
        depth=0,
    )
    worth = Worth(np.array([0, 0.5, 0.8, 1], np.float32), np.array([0.1, 0.3, 0.9, 1], np.float32))
    return Remains(Shares(layers, trees), worth)


ROWS = np.zeros((2, 2), np.float32)


@pytest.mark.parametrize(("layers_say", "trees_say"), [(0.8, 0.4), (0.4, 0.8)])
def test_the_milder_judge_is_believed_as_the_table_says(layers_say: float, trees_say: float):
    remains = _remains(layers_say, trees_say)

    assert remains.measured == 2
    assert remains.left(ROWS, ROWS, 0.0) == pytest.approx([0.9, 0.9], abs=0.01)


def test_where_noise_is_certain_the_share_counts_as_told():
    remains = _remains(0.8, 0.4)

    left = remains.left(ROWS, ROWS, np.array([5.0, 90.0], np.float32))

    assert left == pytest.approx([0.9, 0.8 / 0.93], abs=0.01)


def test_no_share_leaves_the_scale():
    remains = _remains(0.5, 3.0)

    assert remains.left(ROWS, ROWS, np.array([0.0, 90.0], np.float32)) == pytest.approx([1.0, 1.0])


def test_what_is_written_is_read_as_the_same():
    remains = _remains(0.7, 0.6)

    again = Remains.from_tensors(remains.to_tensors())

    assert again.left(ROWS, ROWS, 20.0) == pytest.approx(remains.left(ROWS, ROWS, 20.0), abs=1e-3)
