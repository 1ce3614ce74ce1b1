import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from calibration.image import Image
from predictor.learning.dataset import Pair
from predictor.learning.noticeability.kept_answers import KeepingLabeller, KeptAnswers


class Counting:
    """Answers by the number of the pair, and may fail after some."""

    def __init__(self, patience: int = 1_000) -> None:
        self.asked = 0
        self._patience = patience

    def label(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
        if self.asked + len(pairs) > self._patience:
            raise ConnectionError("fell asleep")
        self.asked += len(pairs)
        return np.array([pair.distorted.pixels[0, 0, 0] / 255 for pair in pairs])


def pairs_of(count: int, first: int = 0) -> list[Pair]:
    reference = Image(np.zeros((2, 2, 3), np.uint8))
    return [
        Pair(reference, Image(np.full((2, 2, 3), first + number, np.uint8)), "a.png", 0, 1.0)
        for number in range(count)
    ]


def test_kept_answers_are_found_again_by_the_pictures_they_are_about(tmp_path: Path):
    path, pairs = tmp_path / "folder" / "kept.json", pairs_of(3)
    KeptAnswers(path, "eye").keep(pairs, np.array([0.1, 0.5, 1.0]))

    again = KeptAnswers(path, "eye")

    found = again.of(pairs_of(3))
    assert found is not None
    assert found.tolist() == [0.1, 0.5, 1.0]
    assert len(again) == 3
    assert again.of(pairs_of(2)) is None
    assert again.of(pairs_of(3, first=1)) is None
    assert again.of([replace(pair, family=1) for pair in pairs]) is None


def test_what_was_answered_before_a_failure_is_not_asked_again(tmp_path: Path):
    pairs, path = pairs_of(150), tmp_path / "kept.json"
    failing, patient = Counting(patience=100), Counting()

    with pytest.raises(ConnectionError):
        KeepingLabeller(failing, KeptAnswers(path, "eye")).label(pairs)
    found = KeepingLabeller(patient, KeptAnswers(path, "eye")).label(pairs)

    assert (failing.asked, patient.asked) == (64, 150 - 64)
    assert found == pytest.approx(np.arange(150) / 255)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"format": "other", "observer": "eye", "answers": {}}',
        '{"format": "lmm-jnd-asked", "observer": "eye", "answers": {"a": [7]}}',
        '{"format": "lmm-jnd-asked", "observer": "eye", "answers": {"a": [NaN]}}',
        '{"format": "lmm-jnd-asked", "observer": "eye", "answers": {"a": "x"}}',
    ],
)
def test_a_file_of_something_else_is_named(tmp_path: Path, content: str):
    path = tmp_path / "kept.json"
    path.write_text(content)

    with pytest.raises(ValueError, match=r"expected kept answers in .*kept\.json, got something else"):
        KeptAnswers(path, "eye")


def test_another_observers_answers_are_refused(tmp_path: Path):
    path = tmp_path / "kept.json"
    KeptAnswers(path, "eye").keep(pairs_of(1), np.array([0.5]))

    with pytest.raises(ValueError, match=r"answers of ear in .*, got those of eye"):
        KeptAnswers(path, "ear")
    assert json.loads(path.read_text())["observer"] == "eye"
