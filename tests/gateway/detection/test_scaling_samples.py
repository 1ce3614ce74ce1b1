import numpy as np
import pytest

from gateway.detection.scaling_samples import ALIGNMENTS, CELL, cell_means, quarters, read_samples, sparse
from gateway.providers.sizes import Size

ROWS, COLUMNS = np.mgrid[:48, :80].astype(np.uint8)


@pytest.mark.parametrize(("grey", "axis"), [(ROWS, 0), (COLUMNS, 1)])
def test_a_quarter_has_what_one_phase_reads(grey: np.ndarray, axis: int):
    alignment = ALIGNMENTS[0]
    rows, columns = alignment.positions(48, 12), alignment.positions(80, 20)

    phases = quarters(read_samples(grey, rows, columns))

    assert phases.shape == (2, 2, 12, 20)
    for phase in np.ndindex(2, 2):
        first = 2 * phase[axis]  # steps of four pixels: corners at 0, centres at 2
        read = phases[phase] if axis == 0 else phases[phase].T
        assert read[:, 0].tolist() == list(range(first, grey.shape[axis], 4))


def test_cells_are_means_of_pixels_of_one_phase():
    alignment = ALIGNMENTS[0]
    samples = read_samples(ROWS, alignment.positions(48, 12), alignment.positions(80, 20))

    means = quarters(cell_means(samples.astype(np.float32)))

    assert means.shape == (2, 2, 12 // CELL, 20 // CELL)
    assert means[0, 0, :, 0].tolist() == [2, 10, 18, 26, 34, 42]
    assert np.array_equal(means[1, 1], means[0, 0] + 2)


def test_at_a_glance_whole_cells_are_read_at_uneven_distances():
    rows = ALIGNMENTS[0].positions(960, 240)

    corners, centres = sparse(rows, 4)

    pairs = corners.reshape(-1, CELL)
    assert pairs.shape == (30, CELL)
    assert np.all(np.diff(pairs, axis=1) == 4)
    assert np.array_equal(centres, corners + 2)
    assert np.unique(np.diff(pairs[:, 0])).size > 1


def test_positions_are_kept_for_the_next_picture_of_that_size():
    alignment = ALIGNMENTS[2]

    known = alignment.positions(961, 240, 4)

    assert alignment.positions(961, 240, 4) is known
    assert all(map(np.array_equal, known, sparse(alignment.positions(961, 240), 4)))
    with pytest.raises(ValueError, match="read-only"):
        known[0][0] = 1


def test_whole_steps_are_read_alike_by_who_rounds_down_and_who_rounds_to_the_nearest():
    is_own = [each.is_of_its_own(ROWS, Size(20, 12)) for each in ALIGNMENTS]

    assert is_own == [True, False, True]
    assert all(each.is_of_its_own(ROWS, Size(19, 12)) for each in ALIGNMENTS)
