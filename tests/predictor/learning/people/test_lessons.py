from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data

from calibration.image import Image, encode_png
from calibration.observers.human import FALSE_ALARM, LAPSE, HumanObserver
from calibration.profile import default_profile
from calibration.stimuli.registry import DISTORTIONS
from predictor.learning.dataset import FAMILIES, NO_FAMILY, Pair
from predictor.learning.people import lessons as module
from predictor.learning.people.lessons import People, PeopleLessons, gather, learn_about, measure_full_size
from predictor.learning.people.pairs import PairMaker

CAT = Image(np.ascontiguousarray(data.cat()[:260, :270]))
BLURRED = DISTORTIONS["blur"].apply(CAT, 2.0, np.random.default_rng(0))
BLUR, MASK = FAMILIES.index("blur"), FAMILIES.index("mask")


def test_what_a_metric_can_judge_is_answered_by_it():
    people = People(default_profile())

    assert people.chance(Pair(CAT, BLURRED, "cat", BLUR, 2.0)) == HumanObserver().probability(CAT, BLURRED)
    assert people.chance(Pair(CAT, CAT, "cat", NO_FAMILY, 0.0)) == pytest.approx(FALSE_ALARM)


def test_the_rest_is_answered_by_the_paper_s_threshold():
    profile = default_profile()
    threshold = profile.threshold_of("mask")

    chances = [
        People(profile).chance(Pair(CAT, BLURRED, "", MASK, level)) for level in (1e-3, threshold, 50.0)
    ]

    assert chances[0] == pytest.approx(FALSE_ALARM, abs=1e-3)
    assert chances[1] == pytest.approx(FALSE_ALARM + (1 - FALSE_ALARM - LAPSE) * (1 - np.exp(-1)))
    assert chances[2] == pytest.approx(1 - LAPSE)


def test_identical_pictures_have_no_energy_in_either_view():
    measures = measure_full_size(CAT, CAT)

    assert float(measures.energies.abs().max()) == 0.0
    assert float(measure_full_size(CAT, BLURRED).energies.min()) >= 0.0


def test_lessons_survive_a_file(tmp_path: Path):
    made = learn_about([Pair(CAT, BLURRED, "cat", BLUR, 2.0)], People(default_profile()))

    made.save(tmp_path / "lessons.npz")
    found = PeopleLessons.load(tmp_path / "lessons.npz")

    assert torch.equal(found.measures.energies, made.measures.energies)
    assert found.probabilities == made.probabilities
    (tmp_path / "other.npz").write_bytes(b"no zip")
    with pytest.raises(ValueError, match="expected people's lessons"):
        PeopleLessons.load(tmp_path / "other.npz")


def test_gathering_goes_on_where_it_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_CHUNK", 2)
    (tmp_path / "cat.png").write_bytes(encode_png(CAT))
    maker, people = PairMaker([tmp_path / "cat.png"], dict.fromkeys(FAMILIES, 3.0)), People(default_profile())

    gather(maker, people, 2, seed=5, keep=tmp_path / "stopped.npz")
    resumed = gather(maker, people, 4, seed=5, keep=tmp_path / "stopped.npz")
    at_once = gather(maker, people, 4, seed=5, keep=tmp_path / "whole.npz")

    assert len(resumed) == 4
    assert np.array_equal(resumed.probabilities, at_once.probabilities)
