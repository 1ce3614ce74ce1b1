from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, encode_png
from predictor.answer_change.surrogate import SIDE
from predictor.learning.answer_change.ladder import LADDER, AnswerObserver
from predictor.learning.answer_change.lessons import (
    AnswerLessons,
    Crops,
    gather_crops,
    gather_lessons,
    keep_answers,
    read_answers,
)

CLASSES = 3


def mean_colour() -> AnswerObserver:
    """Answer by which colour is strongest on average."""
    return AnswerObserver("mean colour", lambda pictures: 12 * pictures.mean(dim=(2, 3)), side=32)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("photos")
    for name in ("coffee", "rocket"):
        pixels = np.ascontiguousarray(getattr(data, name)()[:96, :128])
        (folder / f"{name}.png").write_bytes(encode_png(Image(pixels)))
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def lessons(files: list[Path]) -> AnswerLessons:
    return gather_lessons(
        files, [mean_colour(), mean_colour()], np.random.default_rng(0), lambda *_: None, rungs=LADDER[:3]
    )


def test_every_observer_is_asked_about_every_version_of_every_photograph(lessons: AnswerLessons):
    assert lessons.photos.tolist() == [0, 0, 0, 1, 1, 1]
    assert lessons.originals.shape == (2, SIDE, SIDE, 3)
    assert lessons.versions.shape == (6, SIDE, SIDE, 3)
    assert lessons.distances.shape[:2] == lessons.has_changed.shape == lessons.margin.shape == (2, 6)
    assert (lessons.size_bytes < lessons.source_bytes).any()
    assert np.array_equal(lessons.divergence[0], lessons.divergence[1])


def test_gathering_tells_how_far_it_is(files: list[Path]):
    told: list[tuple[str, int, int | None]] = []

    gather_crops(files, [mean_colour()], np.random.default_rng(0), lambda *step: told.append(step))

    assert told == [("asking about photographs", 1, 2), ("asking about photographs", 2, 2)]


def test_crops_begin_with_the_whole_photograph_and_carry_their_answers(files: list[Path]):
    crops = gather_crops(files, [mean_colour()], np.random.default_rng(0), lambda *_: None)

    assert crops.views.shape == (16, SIDE, SIDE, 3)
    assert crops.log_answers.shape == (1, 16, CLASSES)
    assert np.exp(crops.log_answers.astype(float)).sum(axis=2) == pytest.approx(np.ones((1, 16)), abs=0.01)
    assert len(np.unique(crops.views[:8].reshape(8, -1), axis=0)) == 8


def test_what_is_kept_comes_back_as_it_was(lessons: AnswerLessons, tmp_path: Path):
    path = tmp_path / "kept" / "lessons.npz"

    keep_answers(path, lessons)

    assert read_answers(path, AnswerLessons).digest() == lessons.digest()


def test_a_single_answer_more_or_less_is_another_digest(lessons: AnswerLessons):
    changed = lessons.has_changed.copy()
    changed[1, 2] = ~changed[1, 2]

    assert replace(lessons, has_changed=changed).digest() != lessons.digest()


def test_a_damaged_file_of_kept_answers_is_named(tmp_path: Path):
    (tmp_path / "crops.npz").write_bytes(b"nothing")

    with pytest.raises(ValueError, match=r"crops\.npz"):
        read_answers(tmp_path / "crops.npz", Crops)


def test_kept_answers_of_another_kind_are_refused(lessons: AnswerLessons, tmp_path: Path):
    keep_answers(tmp_path / "lessons.npz", lessons)

    with pytest.raises(ValueError, match="something else"):
        read_answers(tmp_path / "lessons.npz", Crops)
