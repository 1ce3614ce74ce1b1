import numpy as np
import pytest

from gateway.detection.touching_lights import parted

EVERYWHERE = np.ones((24, 80), dtype=np.bool_)


def change(*lights: float) -> np.ndarray:
    """Equally tall bands, each of one light."""
    return np.repeat(np.array(lights, np.float32), 24 // len(lights))[:, None, None] * np.ones((24, 80, 3))


@pytest.mark.parametrize("light", [3, -10])
def test_a_lit_place_and_its_shaded_neighbour_are_parted_where_they_touch(light):
    sides = parted(change(light, -light), EVERYWHERE)

    assert sides is not None
    assert sides[0][:12].all()
    assert sides[1][12:].all()
    assert not (sides[0] & sides[1]).any()


def test_so_are_neighbours_in_a_row():
    sides = parted(change(8, -8)[:, :24].transpose(1, 0, 2), np.ones((24, 24), dtype=np.bool_))

    assert sides is not None
    assert sides[0][:, :12].all()


@pytest.mark.parametrize("lights", [(8, 8), (8, -8, 8), (8, -8, 8, -8), (1, -1)])
def test_one_light_stripes_and_faint_ones_are_not(lights):
    assert parted(change(*lights), EVERYWHERE) is None


@pytest.mark.parametrize("cell", [1, 2, 4])
def test_a_code_is_not(cell):
    cells = np.random.default_rng(0).choice([-8.0, 8.0], (24 // cell, 80 // cell, 1))

    assert parted(np.kron(cells, np.ones((cell, cell, 3))), EVERYWHERE) is None
