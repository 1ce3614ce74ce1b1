import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.image import Image
from calibration.stimuli.local_edits import KINDS, EditKind, local_edit


def photograph() -> Image:
    return Image(skimage.data.coffee()[:200, :300])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_changes_one_place_of_a_photograph(kind: EditKind):
    reference = photograph()

    found = local_edit(reference, np.random.default_rng(4), first=kind)

    assert found.kind == kind
    assert 0.002 < found.mask.mean() < 0.35**2
    rows, columns = np.nonzero(found.mask)
    assert np.ptp(rows) <= 0.35 * reference.height
    assert np.ptp(columns) <= 0.35 * reference.width


@given(
    size=st.tuples(st.integers(1, 33), st.integers(1, 33)),
    seed=st.integers(0, 2**32 - 1),
    flat=st.integers(0, 255),
    is_flat=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_any_picture_is_changed_exactly_where_the_mask_says(
    size: tuple[int, int], seed: int, flat: int, is_flat: bool
):
    rng = np.random.default_rng(seed)
    pixels = np.full((*size, 3), flat) if is_flat else rng.integers(0, 256, (*size, 3))
    reference = Image(pixels.astype(np.uint8))
    before = reference.pixels.tobytes()

    found = local_edit(reference, rng)

    differs = np.any(found.edited.pixels != reference.pixels, axis=2)
    assert differs.any()
    assert np.array_equal(found.mask, differs)
    assert reference.pixels.tobytes() == before


def test_the_seed_decides_everything():
    first, again, other = (local_edit(photograph(), np.random.default_rng(seed)) for seed in (7, 7, 8))

    assert first.edited.pixels.tobytes() == again.edited.pixels.tobytes()
    assert first.kind == again.kind
    assert first.edited.pixels.tobytes() != other.edited.pixels.tobytes()


def test_all_kinds_come_up():
    kinds = {local_edit(photograph(), np.random.default_rng(seed)).kind for seed in range(60)}

    assert kinds == set(KINDS)
