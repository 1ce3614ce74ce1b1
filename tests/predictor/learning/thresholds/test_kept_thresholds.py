from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from skimage import data

from calibration.image import Image, encode_png
from calibration.profile import default_profile
from predictor.learning.dataset import Pair
from predictor.learning.thresholds.kept_thresholds import Answers, ask_about_files, ask_thresholds
from tests.predictor.masked_visibility import MaskedVisibility

PICTURES = [Image(np.ascontiguousarray(data.astronaut()[: 100 + 60 * i, :160])) for i in range(2)]


class Counting:
    """Counts what a made-up observer is asked."""

    def __init__(self) -> None:
        self.pairs, self._observer = 0, MaskedVisibility()

    def label(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
        self.pairs += len(pairs)
        return self._observer.label(pairs)


@pytest.fixture(scope="module")
def answers() -> Answers:
    return ask_thresholds(PICTURES, MaskedVisibility(), default_profile())


def same(one: Answers, other: Answers) -> bool:
    return np.array_equal(one.pictures, other.pictures) and all(
        np.array_equal(mine, theirs)
        for mine, theirs in [
            *((one.searched[n].log_levels, other.searched[n].log_levels) for n in one.searched),
            *((one.delivered[n].ratios, other.delivered[n].ratios) for n in one.delivered),
            *(
                (one.delivered[n].searched.log_levels, other.delivered[n].searched.log_levels)
                for n in one.delivered
            ),
        ]
    )


def test_answers_come_back_as_they_were_saved(tmp_path: Path, answers: Answers):
    answers.save(tmp_path / "answers.npz")

    assert same(Answers.load(tmp_path / "answers.npz"), answers)


def test_what_was_asked_already_is_not_asked_again(tmp_path: Path):
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    for file, picture in zip(files, PICTURES, strict=True):
        file.write_bytes(encode_png(picture))
    keep, observer, profile = tmp_path / "answers.npz", Counting(), default_profile()

    first = ask_about_files(files[:1], observer, profile, keep=keep)
    asked = observer.pairs
    both = ask_about_files(files, observer, profile, keep=keep)
    asked_for_both = observer.pairs
    again = ask_about_files(files, observer, profile, keep=keep)

    assert len(first) == 1
    assert 0 < asked_for_both - asked < 2 * asked
    assert observer.pairs == asked_for_both
    assert len(both) == len(again) == 2
    assert same(both, again)


def written(folder: Path, pictures: Sequence[Image]) -> list[Path]:
    files = [folder / f"{index}.png" for index in range(len(pictures))]
    for file, picture in zip(files, pictures, strict=True):
        file.write_bytes(encode_png(picture))
    return files


def test_a_file_of_any_name_is_gone_on_from(tmp_path: Path, answers: Answers):
    answers.save(tmp_path / "kept")
    observer = Counting()

    found = ask_about_files(written(tmp_path, PICTURES), observer, default_profile(), keep=tmp_path / "kept")

    assert observer.pairs == 0
    assert same(found, answers)
    assert not (tmp_path / "kept.npz").exists()


def test_no_more_is_returned_than_was_asked_for_and_no_answer_is_lost(tmp_path: Path, answers: Answers):
    keep, files = tmp_path / "kept.npz", written(tmp_path, PICTURES)
    answers.save(keep)

    first = ask_about_files(files[:1], Counting(), default_profile(), keep=keep)

    assert len(first) == len(first.searched["blur"].log_levels) == len(first.delivered["jpeg"].ratios) == 1
    assert len(Answers.load(keep)) == 2


@pytest.mark.parametrize("index", [0, 1, 2])
def test_answers_about_other_photographs_are_not_gone_on_from(tmp_path: Path, answers: Answers, index: int):
    three = Answers.join([answers, answers.of(np.array([0]))])
    three.save(tmp_path / "kept.npz")
    pictures = [*PICTURES, PICTURES[0]]
    pictures[index] = Image(np.zeros((50, 50, 3), np.uint8))
    files = written(tmp_path, pictures)

    with pytest.raises(ValueError, match=rf"about {index}\.png"):
        ask_about_files(files, Counting(), default_profile(), keep=tmp_path / "kept.npz")


def test_another_observers_answers_are_not_gone_on_from(tmp_path: Path, answers: Answers):
    replace(answers, observer="mine").save(tmp_path / "kept.npz")

    with pytest.raises(ValueError, match="got those of mine"):
        ask_about_files(
            written(tmp_path, PICTURES),
            Counting(),
            default_profile(),
            observer="yours",
            keep=tmp_path / "kept.npz",
        )


def test_answers_kept_without_a_name_take_that_of_who_goes_on(tmp_path: Path, answers: Answers):
    keep, files = tmp_path / "kept.npz", written(tmp_path, PICTURES)
    nameless = answers.of(np.array([0]))
    nameless.save(keep)
    with np.load(keep) as stored:
        old = {name: array for name, array in stored.items() if name != "observer"}
    np.savez(keep, **old)

    ask_about_files(files, Counting(), default_profile(), observer="mine", keep=keep)

    assert nameless.observer == ""
    assert Answers.load(keep).observer == "mine"


def test_saving_replaces_a_file_whole_and_leaves_its_bytes_alone(tmp_path: Path, answers: Answers):
    answers.save(tmp_path / "kept.npz")
    (tmp_path / "before.npz").hardlink_to(tmp_path / "kept.npz")

    answers.of(np.array([0])).save(tmp_path / "kept.npz")

    assert len(Answers.load(tmp_path / "kept.npz")) == 1
    assert len(Answers.load(tmp_path / "before.npz")) == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_of_something_else_is_refused(tmp_path: Path, answers: Answers):
    np.savez(tmp_path / "other.npz", pictures=np.zeros(3))
    np.save(tmp_path / "one.npy", np.zeros(3))
    (tmp_path / "text.npz").write_text("no arrays")
    answers.save(tmp_path / "cut.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "cut.npz").read_bytes()[:-100])

    for name in ("other.npz", "one.npy", "text.npz", "cut.npz"):
        with pytest.raises(ValueError, match="expected thresholds"):
            Answers.load(tmp_path / name)


def test_nothing_to_ask_about_is_refused():
    with pytest.raises(ValueError, match="at least one photograph"):
        ask_thresholds([], MaskedVisibility(), default_profile())
    with pytest.raises(ValueError, match="at least one photograph"):
        ask_about_files([], MaskedVisibility(), default_profile())
