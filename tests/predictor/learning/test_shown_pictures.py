from pathlib import Path

import numpy as np
import pytest

from predictor.learning.shown_pictures import MISSING, UNREADABLE, describe_left_out, find_shown
from tests.predictor.calibrations import write_calibration, write_pictures


@pytest.fixture
def images(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    pictures = {f"{name}.png": rng.integers(0, 256, (40, 40, 3), dtype=np.uint8) for name in "ab"}
    return write_pictures(tmp_path / "images", pictures)


@pytest.fixture
def calibration(images: Path, tmp_path: Path) -> Path:
    return write_calibration(tmp_path / "calibrated", images, count=4)


def test_pictures_that_are_still_there_can_be_shown_again(calibration: Path, images: Path):
    shown = find_shown(calibration, images, ["a.png", "b.png", "a.png"])

    assert (shown.folder, dict(shown.unusable)) == (images, {})
    assert shown.why_unusable("a.png") is None


def test_a_missing_picture_is_told_and_the_others_stay_of_use(calibration: Path, images: Path):
    (images / "a.png").unlink()

    shown = find_shown(calibration, images, ["a.png", "b.png"])

    assert (shown.why_unusable("a.png"), shown.why_unusable("b.png")) == (MISSING, None)


def test_a_broken_picture_is_told_where_no_session_says_what_it_was(calibration: Path, images: Path):
    (calibration / "session.json").unlink()
    (images / "a.png").write_bytes(b"nothing")

    assert find_shown(calibration, images, ["a.png"]).why_unusable("a.png") == UNREADABLE


def test_other_pictures_under_the_same_names_are_refused(calibration: Path, images: Path):
    (images / "a.png").write_bytes((images / "b.png").read_bytes())

    with pytest.raises(ValueError, match="got others under the same names"):
        find_shown(calibration, images, ["b.png"])


def test_trials_left_out_are_counted_by_reason_the_most_frequent_first():
    assert describe_left_out({}) is None
    said = describe_left_out({MISSING: 2, UNREADABLE: 1200})
    assert said == f"1,202 trials left out ({UNREADABLE}: 1,200, {MISSING}: 2)"
