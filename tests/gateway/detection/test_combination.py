from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png
from gateway.detection.combination import (
    CONFIDENCE,
    DetectionCalibration,
    DetectionCalibrationError,
    load_calibration,
    pair_score,
    parse_calibration,
)
from gateway.detection.strata import PAIR_STRATA, SINGLE_STRATA
from gateway.detection.surprise import learn_surprise
from gateway.detection.verdict import Evidence, conclude
from predictor.guarantees.conformal import ConformalCalibration, calibrate
from predictor.predict import Predictor

DECODED = decode(encode_png(Image(data.chelsea())))
STRATUM = "lossless photograph"


def residual(score, p_value=0.5):
    return Evidence("residual", score, p_value, None, "Noise.")


def rule(kind, score, *, is_attack):
    return Evidence(kind, score, None, None, f"{kind}.", is_attack=is_attack)


def benign(rng):
    """Draw what three detectors say of a benign picture: one may abstain, rules fire now and then."""
    found = [] if rng.random() < 0.1 else [residual(rng.standard_normal())]
    found.append(rule("scaling", 1 + rng.exponential(0.5), is_attack=bool(rng.random() < 0.004)))
    if rng.random() < 0.7:
        found.append(rule("hidden_text", 12 + rng.exponential(3), is_attack=bool(rng.random() < 0.004)))
    return found


@pytest.fixture(scope="module")
def calibration():
    rng = np.random.default_rng(0)
    learning = [benign(rng) for _ in range(2000)]
    curves = {
        kind: learn_surprise(
            [
                item.score
                for each in learning
                for item in each
                if item.kind == kind and (item.p_value or item.is_attack)
            ],
            pictures=len(learning),
            unit=1.0,
        )
        for kind in ("residual", "scaling", "hidden_text")
    }
    empty = ConformalCalibration({})
    start = DetectionCalibration("made up", curves, empty, empty)
    scores = [start.score(benign(rng), STRATUM) for _ in range(3000)]
    pairs = [pair_score(residual(float(score), 0.5)) for score in rng.standard_normal(2000)]
    return replace(start, single=calibrate({STRATUM: scores}), paired=calibrate({"lossless": pairs}))


def concluded(calibration, evidence, alpha=0.01):
    judged = calibration.judge(evidence, DECODED)
    return conclude(judged.evidence, alpha=alpha, tests=judged.tests)


@pytest.mark.parametrize(("alpha", "most"), [(0.05, 0.06), (0.01, 0.0135), (0.001, 0.0025)])
def test_benign_pictures_are_flagged_no_oftener_than_promised_rules_included(calibration, alpha, most):
    rng = np.random.default_rng(7)

    flagged = np.mean([bool(concluded(calibration, benign(rng), alpha).flags) for _ in range(6000)])

    assert flagged <= most


def test_p_values_of_benign_pictures_are_uniform_or_larger(calibration):
    rng = np.random.default_rng(8)
    p_values = np.array([concluded(calibration, benign(rng)).p_value for _ in range(4000)])

    for level in (0.02, 0.1, 0.3, 0.6):
        assert (p_values <= level).mean() <= level + 3 * np.sqrt(level / 4000) + 0.01
    assert (p_values <= 0.3).mean() > 0.2  # and not much larger: monitoring relies on their spread


@pytest.mark.parametrize("kind", ["scaling", "hidden_text"])
def test_a_rule_that_fires_strongly_is_flagged_with_a_p_value_beside_an_ordinary_residual(calibration, kind):
    verdict = concluded(calibration, [residual(0.0), rule(kind, 60.0, is_attack=True)], alpha=0.001)

    assert verdict.flags == (kind,)
    assert verdict.p_value <= 0.001
    assert [item.p_value is not None for item in verdict.evidence] == [True, True]


def test_a_rule_that_does_not_fire_informs_and_takes_nothing_from_the_residual(calibration):
    quiet = rule("hidden_text", 11.0, is_attack=False)

    with_rule = concluded(calibration, [residual(4.0), quiet])

    assert with_rule.p_value == concluded(calibration, [residual(4.0)]).p_value
    assert with_rule.flags == ("residual",)
    assert with_rule.evidence[1] == quiet


def test_who_abstains_can_only_raise_the_p_value(calibration):
    everybody = [residual(2.5), rule("scaling", 3.0, is_attack=True)]

    whole = concluded(calibration, everybody).p_value

    assert all(concluded(calibration, [item]).p_value >= whole for item in everybody)


def test_an_earlier_version_is_a_second_test(calibration):
    strong, pair = residual(6.0), Evidence("near_duplicate", -3.0, 0.9, 0.1, "Stored differently.")

    alone = concluded(calibration, [strong]).p_value

    assert concluded(calibration, [strong, pair]).p_value == pytest.approx(2 * alone)


def test_a_pair_beyond_all_benign_ones_is_told_apart_by_its_score():
    pair = Evidence("near_duplicate", 2.0, 0.003, 0.1, "Changed.")

    assert pair_score(replace(pair, score=9.0)) > pair_score(pair)
    assert pair_score(pair) > pair_score(replace(pair, score=9.0, p_value=0.01))
    with pytest.raises(ValueError, match="p-value"):
        pair_score(replace(pair, p_value=None))


def test_rules_about_the_file_stay_without_a_p_value(calibration):
    trick = rule("container", 1.0, is_attack=True)

    verdict = concluded(calibration, [residual(0.0), trick])

    assert verdict.flags == ("container",)
    assert verdict.evidence[1] == trick
    assert verdict.p_value > 0.1


def test_a_stratum_nobody_calibrated_leaves_evidence_as_it_is(calibration):
    evidence = [residual(9.0, 0.02), rule("scaling", 9.0, is_attack=True)]

    judged = calibration.judge(evidence, decode(encode_jpeg(Image(data.chelsea()), 60)))

    assert judged.evidence == tuple(evidence)
    assert len(set(judged.tests)) == 2


def test_a_calibration_survives_its_file(calibration):
    again = parse_calibration(calibration.json)

    assert again.json == calibration.json
    rng = np.random.default_rng(3)
    for _ in range(50):
        evidence = benign(rng)
        assert concluded(again, evidence) == concluded(calibration, evidence)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "jnd-detection-calibration", "schema_version": 99}']
)
def test_what_is_no_calibration_is_refused(text):
    with pytest.raises(DetectionCalibrationError):
        parse_calibration(text)


def test_a_file_that_is_missing_is_told(tmp_path):
    with pytest.raises(DetectionCalibrationError, match=r"none\.json"):
        load_calibration(tmp_path / "none.json")


def test_what_ships_is_of_the_detectors_that_ship_and_reaches_a_thousandth_everywhere():
    shipped = load_calibration()

    assert shipped.detectors == Predictor.load().detectors
    assert set(shipped.single.scores) == set(SINGLE_STRATA)
    assert set(shipped.paired.scores) <= set(PAIR_STRATA)  # without one, pairs keep the p-value they have
    for stratum in shipped.single.scores:
        assert round(shipped.single.assured_p_value(1e9, stratum, CONFIDENCE), 3) <= 0.001
