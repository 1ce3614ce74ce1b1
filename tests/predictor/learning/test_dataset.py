from pathlib import Path

import numpy as np
import pytest

from calibration.image import Image
from predictor.learning.dataset import (
    FAMILIES,
    NO_FAMILY,
    Pair,
    PairSet,
    join,
    pair_set,
    photo_files,
    shifts_of,
    split_photos,
)


def pairs_of(photos: str) -> PairSet:
    """One pair of each letter's photograph; its number is its place."""
    reference = Image(np.zeros((2, 2, 3), np.uint8))
    pairs = [
        Pair(reference, Image(np.full((2, 2, 3), at, np.uint8)), f"{letter}.png", NO_FAMILY, 0.5 * at)
        for at, letter in enumerate(photos)
    ]
    return pair_set(pairs, np.zeros((len(pairs), len(FAMILIES))), np.arange(len(pairs)) / 10)


def test_pairs_are_gathered_in_their_order():
    pairs = pairs_of("aab")

    assert len(pairs) == 3
    assert pairs.references.shape == pairs.distorted.shape == (3, 2, 2, 3)
    assert pairs.photos.tolist() == ["a.png", "a.png", "b.png"]
    assert pairs.levels.tolist() == [0.0, 0.5, 1.0]
    assert [int(distorted.pixels[0, 0, 0]) for _, distorted in pairs.shown()] == [0, 1, 2]


def test_no_pair_at_all_is_refused():
    with pytest.raises(ValueError, match="at least one pair with an answer"):
        pair_set([], np.zeros((0, len(FAMILIES))), np.zeros(0))


def test_taking_and_joining_undo_each_other():
    pairs = pairs_of("abcd")

    again = join([pairs.take(np.array([0, 1])), pairs.take(np.array([False, False, True, True]))])

    assert again.digest() == pairs.digest()
    assert again.photos.tolist() == pairs.photos.tolist()


def test_the_digest_tells_pictures_and_answers_apart():
    pairs = pairs_of("abcd")

    others = [pairs.take(np.array([0, 1, 3, 2])), pairs.take(np.arange(3))]

    assert len({pairs.digest(), *(other.digest() for other in others)}) == 3


def test_a_network_gets_the_shifts_of_the_families_it_knows_in_its_own_order():
    shifts = np.arange(2 * len(FAMILIES), dtype=np.float32).reshape(2, -1)
    known = [FAMILIES[3], FAMILIES[0]]

    assert shifts_of(shifts, known).tolist() == [[3, 0], [3 + len(FAMILIES), len(FAMILIES)]]


@pytest.mark.parametrize("seed", range(5))
def test_no_photograph_is_on_both_sides_of_a_split(seed: int):
    halves = [pairs_of("aabbccddee"), pairs_of("abcdefghij")]  # of two observers

    splits = split_photos(halves, 0.4, np.random.default_rng(seed))

    some, rest = (join([split[side] for split in splits]) for side in (0, 1))
    assert len(some) + len(rest) == 20
    assert not set(some.photos) & set(rest.photos)
    assert len(set(some.photos)) == 4  # of ten


def test_however_small_the_share_one_photograph_is_held():
    ((held, rest),) = split_photos([pairs_of("aabb")], 0.01, np.random.default_rng(0))

    assert (len(held), len(rest)) == (2, 2)


def test_an_observer_asked_about_one_photograph_alone_cannot_be_split():
    with pytest.raises(ValueError, match="more photographs"):
        split_photos([pairs_of("aaa")], 0.4, np.random.default_rng(0))


def test_photographs_are_found_in_subfolders_by_their_suffix_and_sorted(tmp_path: Path):
    (tmp_path / "b").mkdir()
    for name in ("c.png", "b/a.JPG", "a.webp", "notes.txt"):
        (tmp_path / name).touch()

    found = [path.relative_to(tmp_path).as_posix() for path in photo_files(tmp_path)]

    assert found == ["a.webp", "b/a.JPG", "c.png"]


def test_a_folder_without_pictures_is_told(tmp_path: Path):
    with pytest.raises(ValueError, match="expected pictures"):
        photo_files(tmp_path)
