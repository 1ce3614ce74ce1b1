from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.image import Image
from predictor.learning.people.qualities import FIXED_PARTS, RUNGS, Ladders, climb, fit_qualities, searched_of
from predictor.thresholds.delivery import jpeg_strength
from predictor.thresholds.full_size import READINGS

CAT = Image(np.ascontiguousarray(data.cat()[:260, :264]))
POSITIONS = np.log(np.array([jpeg_strength(quality) for quality in RUNGS["jpeg"]]) + FIXED_PARTS["jpeg"])


def ladders_of(shifts: np.ndarray) -> np.ndarray:
    """Scores that fall evenly with the log strength; a picture's shift moves all of them along it."""
    return 70.0 - 20.0 * (POSITIONS[None] - POSITIONS[2] - shifts[:, None])


def test_more_quality_scores_higher():
    found = climb(CAT, "cat")

    assert found.readings.shape == (1, READINGS)
    assert (np.diff(found.jpeg[0]) > 0).all()
    assert (np.diff(found.webp[0]) > 0).all()


def test_thresholds_of_made_up_ladders_are_recovered():
    shifts = np.array([-0.2, 0.0, 0.3])

    found = searched_of(ladders_of(shifts), "jpeg", np.random.default_rng(0))

    at = np.log(np.exp(found.log_levels) + FIXED_PARTS["jpeg"])
    assert at - shifts == pytest.approx(np.full(3, POSITIONS[2] + (70.0 - 63.1) / 20.0), abs=1e-6)


def test_content_that_shifts_the_ladder_is_learned():
    rng = np.random.default_rng(1)
    readings = rng.normal(size=(120, READINGS)).astype(np.float32)
    scores = ladders_of(0.2 * readings[:, 0])
    ladders = Ladders(readings, scores, scores, np.array([str(number) for number in range(120)]))

    fitted = fit_qualities(ladders, {"jpeg": 100.0, "webp": 40.0}, rng)["jpeg"]

    assert fitted.median_error < 0.5 * fitted.median_error_without_content


def test_ladders_survive_a_file(tmp_path: Path):
    made = Ladders(np.zeros((1, READINGS), np.float32), np.ones((1, 5)), np.ones((1, 5)), np.array(["a"]))

    made.save(tmp_path / "ladders.npz")

    assert np.array_equal(Ladders.load(tmp_path / "ladders.npz").jpeg, made.jpeg)
    with pytest.raises(ValueError, match="expected scores of qualities"):
        Ladders.load(tmp_path / "none.npz")
