import numpy as np

from gateway.detection.changed_place import belongs_to_seen, changed_place

SCENE = np.random.default_rng(0).integers(60, 190, (256, 320, 3), dtype=np.uint8)
NOWHERE = np.zeros(SCENE.shape[:2], dtype=np.bool_)


def with_noise(rows: slice, columns: slice, levels: int = 2) -> np.ndarray:
    changed = SCENE.astype(int)
    part = changed[rows, columns]
    part += np.random.default_rng(1).choice([-levels, levels], part.shape)
    return changed.astype(np.uint8)


def test_noise_in_one_place_is_found_there():
    found = changed_place(SCENE, with_noise(slice(64, 128), slice(80, 176)), NOWHERE)

    assert found is not None
    assert (found.rows, found.columns) == (slice(64, 128), slice(80, 176))
    assert found.levels == 2.0
    assert np.isclose(found.share, 64 * 96 / (256 * 320))


def test_an_equal_picture_has_no_changed_place():
    assert changed_place(SCENE, SCENE, NOWHERE) is None


def test_scattered_cells_are_no_place():
    changed = SCENE.copy()
    for row, column in np.random.default_rng(2).integers(0, 30, (60, 2)):
        changed[8 * row, 8 * column] += 1

    assert changed_place(SCENE, changed, NOWHERE) is None


def test_a_picture_that_changed_throughout_has_no_place():
    assert changed_place(SCENE, with_noise(slice(None), slice(None)), NOWHERE) is None


def test_what_lies_beside_something_visible_and_larger_belongs_to_it():
    seen = NOWHERE.copy()
    seen[64:128, 80:240] = True

    assert changed_place(SCENE, with_noise(slice(64, 128), slice(20, 78)), seen) is None
    assert changed_place(SCENE, with_noise(slice(192, 256), slice(20, 78)), seen) is not None


def test_what_changed_by_many_levels_is_hidden_from_nobody():
    assert changed_place(SCENE, with_noise(slice(64, 128), slice(80, 176), 30), NOWHERE) is None


def test_a_bar_that_shimmers_hides_nothing():
    changed = SCENE.copy()
    changed[64:128, 80:240] += 2
    changed[64:128, 200:240] += 1

    assert changed_place(SCENE, changed, NOWHERE) is None


def test_a_light_over_a_row_is_none_though_a_codec_left_its_grain_on_it_and_a_one_sided_code_is():
    row = (slice(64, 128), slice(80, 240))
    grain = np.random.default_rng(3).normal(0, 1.5, (64, 160, 3)).round().astype(int)
    lit, coded = SCENE.astype(int), SCENE.astype(int)
    lit[row] += 8 + grain
    coded[row] += (
        8 * np.kron(np.random.default_rng(4).integers(0, 2, (16, 40)), np.ones((4, 4), int))[..., None]
    )

    assert changed_place(SCENE, lit.astype(np.uint8), NOWHERE) is None
    assert changed_place(SCENE, coded.astype(np.uint8), NOWHERE) is not None


def test_what_goes_on_from_a_larger_place_that_people_see_belongs_to_it():
    seen = NOWHERE.copy()
    seen[64:128, 80:240] = True
    beside, apart = (with_noise(slice(64, 128), columns) for columns in (slice(240, 280), slice(290, 320)))

    assert belongs_to_seen(SCENE, beside, seen)
    assert not belongs_to_seen(SCENE, apart, seen)
    assert not belongs_to_seen(SCENE, with_noise(slice(64, 256), slice(80, 320)), seen)
