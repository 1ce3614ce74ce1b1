from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from skimage import data

from calibration.image import Image, encode_png
from calibration.profile import default_profile
from predictor.dataset import Pair
from predictor.noticeability.labelling import MaskedVisibility
from predictor.thresholds.answers import Answers, ask_about_files, ask_thresholds

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


def test_answers_about_other_photographs_are_not_gone_on_from(tmp_path: Path, answers: Answers):
    other = tmp_path / "other.png"
    other.write_bytes(encode_png(Image(np.zeros((50, 50, 3), np.uint8))))
    answers.save(tmp_path / "answers.npz")

    with pytest.raises(ValueError, match=r"about other\.png"):
        ask_about_files([other], Counting(), default_profile(), keep=tmp_path / "answers.npz")


def test_a_file_of_something_else_is_refused(tmp_path: Path):
    np.savez(tmp_path / "other.npz", pictures=np.zeros(3))
    (tmp_path / "text.npz").write_text("no arrays")

    for name in ("other.npz", "text.npz"):
        with pytest.raises(ValueError, match="expected thresholds"):
            Answers.load(tmp_path / name)


def test_nothing_to_ask_about_is_refused():
    with pytest.raises(ValueError, match="at least one photograph"):
        ask_thresholds([], MaskedVisibility(), default_profile())
    with pytest.raises(ValueError, match="at least one photograph"):
        ask_about_files([], MaskedVisibility(), default_profile())
