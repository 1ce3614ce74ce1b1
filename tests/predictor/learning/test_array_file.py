from pathlib import Path

import numpy as np
import pytest

from predictor.learning.array_file import read_arrays, write_arrays

ARRAYS = {"one": np.arange(12.0).reshape(3, 4), "name": np.array("observer"), "none": np.zeros((0, 2))}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_arrays(tmp_path / "kept", ARRAYS)
    return tmp_path / "kept"


def test_arrays_come_back_under_their_names(file: Path):
    found = read_arrays(file, "numbers")

    assert set(found) == set(ARRAYS)
    assert all(np.array_equal(found[name], array) for name, array in ARRAYS.items())


@pytest.mark.parametrize("cut", [0, 1, 40, -1])
def test_a_file_cut_short_is_named(file: Path, cut: int):
    file.write_bytes(file.read_bytes()[:cut])

    with pytest.raises(ValueError, match=r"expected numbers in .*kept"):
        read_arrays(file, "numbers")


def test_pickled_objects_are_refused(file: Path):
    np.savez(file.with_suffix(".npz"), objects=np.array([{}], dtype=object))

    with pytest.raises(ValueError, match="got something else"):
        read_arrays(file.with_suffix(".npz"), "numbers")
