import json
import os

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, encode_jpeg
from gateway.detection.combination import DetectionCalibration, DetectionCalibrationError, load_calibration
from gateway.detection.own_traffic import calibrate_on_folder, lines_of
from gateway.detection.surprise import Surprise
from predictor.guarantees.conformal import ConformalCalibration
from predictor.predict import Predictor

NOTHING = ConformalCalibration({})


def base(detectors: str) -> DetectionCalibration:
    """Know nothing but how to weigh the residual."""
    return DetectionCalibration(
        detectors, {"residual": Surprise((-5.0, 5.0), (0.0, 3.0), 1.0)}, NOTHING, NOTHING
    )


OWN = base(Predictor.load().detectors)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "of one app").mkdir()
    for place in range(6):
        pixels = np.ascontiguousarray(data.chelsea()[20 * place : 20 * place + 180, :240])
        (tmp_path / "of one app" / f"{place}.jpg").write_bytes(encode_jpeg(Image(pixels), 90))
    (tmp_path / "broken.png").write_bytes(b"no picture")
    return tmp_path


def test_ones_own_pictures_become_a_file_that_detection_can_use(folder, tmp_path):
    out = tmp_path / "own.json"

    result = calibrate_on_folder(folder, out, base=OWN, artifact=None, workers=1, fewest=5)

    assert result.calibrated == ("fine JPEG photograph",)
    assert (result.found, result.unreadable) == ({"fine JPEG photograph": 6}, 1)
    assert load_calibration(out).single.scores["fine JPEG photograph"].size == 6
    assert "calibrated on them" in "\n".join(lines_of(result, as_json=False))
    (line,) = lines_of(result, as_json=True)
    assert json.loads(line)["calibrated"] == ["fine JPEG photograph"]


def test_a_pipe_or_folder_named_like_a_picture_is_no_picture(folder, tmp_path):
    os.mkfifo(folder / "pipe.png")
    (folder / "folder.png").mkdir()

    result = calibrate_on_folder(folder, tmp_path / "own.json", base=OWN, artifact=None, workers=1, fewest=5)

    assert (sum(result.found.values()), result.unreadable) == (6, 1)


def test_a_kind_with_too_few_pictures_keeps_what_ships(folder, tmp_path):
    result = calibrate_on_folder(folder, tmp_path / "own.json", base=OWN, artifact=None, workers=1)

    assert result.calibrated == ()
    assert "too few" in "\n".join(lines_of(result, as_json=False))


def test_surprises_of_other_detectors_are_not_mixed_with_these(folder, tmp_path):
    with pytest.raises(DetectionCalibrationError, match="artifact"):
        calibrate_on_folder(
            folder, tmp_path / "own.json", base=base("another artifact"), artifact=None, workers=1
        )


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(ValueError, match="pictures"):
        calibrate_on_folder(tmp_path, tmp_path / "own.json", base=OWN, artifact=None, workers=1)
