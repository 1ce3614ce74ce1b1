import numpy as np
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png
from calibration.profile import default_profile
from gateway.detection.calibrating import Measured, Measurer, calibrate_detection, learn_surprises
from gateway.detection.combination import DetectionCalibration
from gateway.detection.verdict import Evidence
from predictor.guarantees.conformal import ConformalCalibration
from predictor.predict import Predictor

MEASURER = Measurer(Predictor.load(), default_profile())
PHOTOGRAPH = Image(np.ascontiguousarray(data.chelsea()[:240, :320]))


def measured(score, stratum="other lossy"):
    return Measured(stratum, (Evidence("residual", float(score), 0.5, None, ""),))


def test_an_ordinary_photograph_is_heard_of_by_the_residual_alone():
    encoded = encode_jpeg(PHOTOGRAPH, 90)

    found = MEASURER.measure(decode(encoded), encoded)

    assert found.stratum == "fine JPEG photograph"
    assert [item.kind for item in found.heard] == ["residual"]
    assert found.heard[0].explanation == ""


def test_what_no_detector_can_judge_is_measured_as_silent():
    encoded = encode_png(Image(np.zeros((20, 20, 3), np.uint8)))

    assert MEASURER.measure(decode(encoded), encoded) == Measured("small lossless")


def test_a_pair_that_a_codec_made_scores_below_one_that_was_edited():
    rows, columns = np.mgrid[: PHOTOGRAPH.height, : PHOTOGRAPH.width]
    wave = 5 * np.sin(rows / 5) * np.sin(columns / 7)  # smooth: no rule tells it, the test does
    hidden = Image(np.clip(PHOTOGRAPH.pixels + wave[..., None], 0, 255).astype(np.uint8))

    resaved, changed = (
        MEASURER.measure_pair(PHOTOGRAPH, decode(data_))
        for data_ in (encode_jpeg(PHOTOGRAPH, 85), encode_png(hidden))
    )

    assert (resaved.stratum, changed.stratum) == ("coarse JPEG", "lossless")
    assert resaved.pair < changed.pair


def test_strata_with_enough_pictures_are_replaced_and_the_others_kept():
    rng = np.random.default_rng(0)
    kept = ConformalCalibration({"small lossy": np.array([1.0, 2.0], np.float32)})
    base = DetectionCalibration(
        "v", learn_surprises([measured(score) for score in rng.standard_normal(500)]), kept, kept
    )
    own = [measured(score) for score in rng.standard_normal(60)]
    few = [measured(score, "small lossy") for score in rng.standard_normal(20)]

    made = calibrate_detection(base, own + few, [], note="own", fewest=50)

    assert sorted(made.single.scores) == ["other lossy", "small lossy"]
    assert made.single.scores["other lossy"].size == 60
    assert made.single.scores["small lossy"].tolist() == [1.0, 2.0]
    assert made.paired.scores == kept.scores
    assert (made.detectors, made.note) == ("v", "own")


def test_the_order_of_pictures_does_not_matter():
    scores = np.random.default_rng(1).standard_normal(200)

    forward, backward = (
        learn_surprises([measured(score) for score in each]) for each in (scores, scores[::-1])
    )

    assert forward == backward
    assert forward["residual"].of(9.0) > forward["residual"].of(0.0) > 0.0
    assert forward["residual other lossy"] == forward["residual"]
