from pathlib import Path

import numpy as np
import pytest
from skimage import data as pictures

from calibration.image import Image, encode_jpeg, encode_png
from gateway.estimate.estimator import Estimate, Estimator, new_estimate
from gateway.estimate.totals import Manner, Target
from gateway.estimate.traffic import Found
from predictor.predict import ArtifactError

TARGETS = (Target("openai", "gpt-4o", None), Target("gemini", "gemini-2.5-flash", None))
CAT = encode_png(Image(np.ascontiguousarray(pictures.chelsea()[:160, :240])))
CUP = encode_jpeg(Image(np.ascontiguousarray(pictures.coffee()[:160, :240])), 95)


@pytest.fixture(scope="module")
def estimator() -> Estimator:
    return Estimator(TARGETS, Manner(), artifact=None)


@pytest.fixture
def estimate() -> Estimate:
    return new_estimate(TARGETS, "faithful")


def test_a_picture_met_again_is_tried_once_and_counted_twice(estimator: Estimator, estimate: Estimate):
    found = [Found("a.png", CAT), Found("b.jpg", CUP), Found("again.png", CAT)]

    lines = list(estimator.run(found, estimate))

    assert [(line["file"], line["model"]) for line in lines] == [
        (name, target.model) for name in ("a.png", "b.jpg") for target in TARGETS
    ]
    for totals in estimate.totals:
        assert totals.whole.images == 3
        assert totals.whole.bytes_in == 2 * len(CAT) + len(CUP)
        assert totals.whole.bytes_out <= totals.whole.bytes_in
        assert totals.whole.tokens_out <= totals.whole.tokens_in


def test_the_level_a_request_asks_for_decides_and_another_is_another_picture():
    targets = TARGETS[:1]
    estimate = new_estimate(targets, "faithful")
    found = [Found("low", CUP, detail="low"), Found("high", CUP, detail="high"), Found("none", CUP)]

    lines = list(Estimator(targets, Manner(detail="low"), artifact=None).run(found, estimate))

    assert [line["tokens_in"] for line in lines] == [85, 255, 85]
    assert estimate.totals[0].whole.images == 3


def test_what_cannot_be_read_is_counted_and_does_not_stop_the_rest(estimator: Estimator, estimate: Estimate):
    found = [
        Found("x", problem="url"),
        Found("broken.png", CAT[:60]),
        Found("no.png", b"no"),
        Found("b", CUP),
    ]

    lines = list(estimator.run(found, estimate))

    assert estimate.unreadable == {"url": 1, "damaged": 1, "unknown_format": 1}
    assert estimate.met == 4
    assert [line["outcome"] for line in lines[:3]] == ["unreadable"] * 3
    assert estimate.totals[0].whole.images == 1


def test_every_picture_tried_has_a_verdict(estimator: Estimator, estimate: Estimate):
    list(estimator.run([Found("a.png", CAT), Found("b.jpg", CUP)], estimate))

    told = ("clean", "imperceptible_edit", "noticeable_edit", "unchecked")
    assert estimate.count_verdicts(*told) == 2


def test_a_missing_artifact_is_told(tmp_path: Path):
    with pytest.raises(ArtifactError, match="artifact"):
        Estimator(TARGETS, Manner(), artifact=tmp_path / "nowhere")
