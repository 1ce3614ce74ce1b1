"""`tools/calibrate_detection.py`: what it makes falls where it is meant to, and a small run fits."""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.image import decode
from gateway.detection.calibrating import Measured
from gateway.detection.strata import PAIR_STRATA, SINGLE_STRATA, pair_stratum, single_stratum
from gateway.detection.verdict import Evidence

sys.path.append(str(Path(__file__).parents[2] / "tools"))
TOOL = import_module("calibrate_detection")
PICTURES = import_module("everyday_pictures")
PHOTOGRAPHS = [np.ascontiguousarray(each) for each in (data.chelsea(), data.astronaut(), data.coffee())]


@pytest.mark.parametrize("stratum", SINGLE_STRATA)
def test_most_of_what_is_made_for_a_stratum_falls_into_it(stratum):
    rng = np.random.default_rng(0)

    found = [single_stratum(decode(PICTURES.make_file(PHOTOGRAPHS, stratum, rng))) for _ in range(12)]

    assert found.count(stratum) >= 7


@pytest.mark.parametrize("stratum", PAIR_STRATA)
def test_a_picture_sent_again_falls_into_the_stratum_of_its_codec(stratum):
    rng = np.random.default_rng(0)

    found = {pair_stratum(decode(PICTURES.resave(PHOTOGRAPHS[0], stratum, rng))) for _ in range(8)}

    assert found == {stratum}


def test_without_photographs_everything_is_drawn():
    rng = np.random.default_rng(0)

    assert all(decode(PICTURES.make_file([], stratum, rng)).image.width for stratum in SINGLE_STRATA)


def made_up(orders):
    """Measure without looking: half of what is made for thumbnails falls into another stratum."""
    for order in orders:
        rng = np.random.default_rng(order.seed)
        for_other = "small lossy" if order.stratum == "small lossless" else order.stratum
        yield [
            Measured(
                order.stratum if rng.random() < 0.5 else for_other,
                (Evidence("residual", float(rng.standard_normal()), 0.5, None, ""),),
                float(rng.random()),
            )
            for _ in range(order.count)
        ]


def test_what_falls_elsewhere_is_made_up_for_and_every_stratum_is_calibrated():
    made = TOOL.make_calibration(made_up, detectors="v", note="n", share=0.05)

    assert set(made.single.scores) == set(SINGLE_STRATA)
    assert set(made.paired.scores) == set(PAIR_STRATA)
    assert min(scores.size for scores in made.paired.scores.values()) >= 0.05 * TOOL.EACH - 1
    assert made.single.scores["small lossless"].size >= 0.9 * 0.05 * TOOL.EACH


def test_the_same_seed_gives_the_same_calibration():
    one, other = (TOOL.make_calibration(made_up, detectors="v", note="n", share=0.03) for _ in range(2))

    assert one.json == other.json
    assert TOOL.make_calibration(made_up, detectors="v", note="n", share=0.03, seed=1).json != one.json
