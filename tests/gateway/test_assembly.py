import logging
from pathlib import Path

import pytest
from skimage import data

from calibration.image import Image, decode, encode_png
from calibration.profile import ProfileError, default_profile
from gateway.assembly import detection_calibration, detectors, load_pipeline, profile_named
from gateway.detection.alpha import AlphaDetector
from gateway.detection.combination import DetectionCalibration, DetectionCalibrationError
from gateway.detection.container import ContainerDetector
from gateway.detection.hidden_text import HiddenTextDetector
from gateway.detection.near_duplicate import NearDuplicateDetector
from gateway.detection.protocol import Examined
from gateway.detection.query_series import QuerySeriesDetector
from gateway.detection.residual import ResidualDetector
from gateway.detection.scaling import ScalingDetector
from gateway.memory.kept_picture import KeptPicture
from gateway.memory.seen_pictures import SeenPictures
from gateway.settings import Compression, Detection, NearDuplicate, Policy, Settings
from predictor.artifact import ArtifactError
from predictor.guarantees.conformal import ConformalCalibration
from predictor.predict import Predictor


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load()


def test_a_picture_is_judged_by_itself_first_and_meets_its_earlier_likes_where_they_are_remembered(
    predictor: Predictor,
):
    usual = detectors(Settings(), predictor)
    forgetful = detectors(Settings(near_duplicate=NearDuplicate(enabled=False)), predictor)

    alone = [ResidualDetector, ContainerDetector, AlphaDetector, ScalingDetector, HiddenTextDetector]
    assert [type(one) for one in usual] == [*alone, QuerySeriesDetector, NearDuplicateDetector]
    assert [type(one) for one in forgetful] == alone


def test_what_is_given_remembers_even_while_it_is_empty(predictor: Predictor):
    seen = SeenPictures[KeptPicture](10, 60.0, lambda: 0.0)
    decoded = decode(encoded := encode_png(Image(data.coffee())))

    detectors(Settings(), predictor, seen)[-1].examine(
        Examined.by_itself(decoded, encoded, default_profile())
    )

    assert len(seen) == 1


def test_a_name_nobody_knows_is_logged_and_taken_for_human(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING, "gateway.assembly"):
        found, known = profile_named("nobody-7b"), profile_named("embedded")

    assert (found.source, known.source) == ("default", "measured")
    assert [record.getMessage() for record in caplog.records] == [
        "nothing is known of nobody-7b: it is taken to see as well as people do"
    ]


def test_what_the_settings_name_is_loaded(tmp_path: Path):
    path = tmp_path / "profile.json"
    path.write_text(default_profile("mine").to_json())

    pipeline = load_pipeline(Settings(models={"m": str(path), "e": "embedded"}))

    assert (pipeline.profiles.by_model["m"].model, pipeline.profiles.by_model["e"].model) == (
        "mine",
        "embedded",
    )
    assert pipeline.compressor is not None


def test_compression_switched_off_leaves_no_compressor():
    assert load_pipeline(Settings(compression=Compression(mode="off"))).compressor is None


def test_a_named_policy_that_compresses_needs_the_compressor():
    off = Compression(mode="off")

    assert load_pipeline(Settings(compression=off, policies={"lighten": {"compression": "on"}})).compressor
    assert not load_pipeline(Settings(compression=off, policies={"strict": {"mode": "block"}})).compressor


def test_the_version_changes_with_what_changes_an_outcome_and_not_with_the_size_of_a_memory():
    def version(settings: Settings) -> str:
        return load_pipeline(settings).version

    others = [
        Settings(policy=Policy(alpha=0.05)),
        Settings(compression=Compression(mode="off")),
        Settings(models={"m": "embedded"}),
        Settings(models={"m": "human"}),
        Settings(upstream={"provider": "anthropic"}),
        Settings(near_duplicate=NearDuplicate(enabled=False)),
    ]

    assert version(Settings()) == version(Settings(near_duplicate=NearDuplicate(max_entries=7)))
    assert len({version(Settings()), *map(version, others)}) == 7


def test_what_cannot_be_loaded_is_told(tmp_path: Path):
    with pytest.raises(ArtifactError):
        load_pipeline(Settings(artifact=tmp_path / "none"))
    with pytest.raises(ProfileError):
        load_pipeline(Settings(models={"m": str(tmp_path / "none" / "profile.json")}))


def test_a_calibration_of_detection_counts_where_it_is_of_the_detectors_at_hand(tmp_path: Path):
    predictor = Predictor.load()
    own, other = tmp_path / "own.json", tmp_path / "other.json"
    for file, version in ((own, predictor.detectors), (other, "another artifact")):
        file.write_text(calibration_of(version).json)

    found = detection_calibration(predictor, own)

    assert found is not None
    assert found.detectors == predictor.detectors
    with pytest.raises(DetectionCalibrationError, match="artifact"):
        detection_calibration(predictor, other)
    with pytest.raises(DetectionCalibrationError, match="cannot read"):
        detection_calibration(predictor, tmp_path / "none.json")
    assert (
        load_pipeline(Settings(detection=Detection(calibration=own))).version
        != load_pipeline(Settings()).version
    )


def calibration_of(detectors: str) -> DetectionCalibration:
    nothing = ConformalCalibration({})
    return DetectionCalibration(detectors, {}, nothing, nothing)
