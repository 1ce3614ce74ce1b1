from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calibration.image import Image
from calibration.profile import default_profile
from predictor.artifact import ArtifactError, Part, default_directory, read_part, write_part
from predictor.learning.dataset import FAMILIES, Pair, pair_set
from predictor.learning.noticeability.history import describe_lessons, find_start, has_learned, start_from
from predictor.learning.noticeability.together import LessonTogether

SHIPPED = read_part(default_directory(), "noticeability")
KNOWN = SHIPPED.card["settings"]["known_models"]
SOME = next(iter(KNOWN.values()))


def gone_on(*models: str, known: dict[str, Any] | None = None) -> Part:
    """What a training that went on from the one that ships leaves of these models."""
    observers = [{"model": name, "data_sha256": f"of {name}"} for name in models]
    network = start_from(SHIPPED).network
    settings = {
        **SHIPPED.card["settings"],
        "known_models": {**KNOWN, **dict.fromkeys(models, SOME), **(known or {})},
    }
    training = {"observers": observers, "went_on_from": network}
    return replace(SHIPPED, card={**SHIPPED.card, "settings": settings, "training": training})


def test_without_an_artifact_of_its_own_a_training_goes_on_from_what_ships(tmp_path: Path):
    start = find_start(tmp_path / "new", ["mine"])

    assert start is not None
    assert start.kept == ()
    assert start.part.card["settings"]["known_models"] == KNOWN
    assert start.network["known_models"] == KNOWN


def test_a_model_learned_again_is_forgotten_and_the_others_stay(tmp_path: Path):
    write_part(tmp_path, "noticeability", gone_on("mine", "other"))

    start = find_start(tmp_path, ["mine"])

    assert start is not None
    assert [entry["model"] for entry in start.kept] == ["other"]
    assert set(start.part.card["settings"]["known_models"]) == {*KNOWN, "other"}


def test_a_model_the_network_knew_gets_back_what_was_known_of_it_before(tmp_path: Path):
    name, other = list(KNOWN)[:2]
    write_part(tmp_path, "noticeability", gone_on(name, known={name: KNOWN[other]}))

    start = find_start(tmp_path, [name])

    assert start is not None
    assert start.part.card["settings"]["known_models"][name] == KNOWN[name] != KNOWN[other]


def test_a_damaged_artifact_is_told_before_anything_is_learned(tmp_path: Path):
    write_part(tmp_path, "noticeability", gone_on("mine"))
    arrays = next(tmp_path.glob("noticeability-*.safetensors"))
    arrays.write_bytes(arrays.read_bytes()[:-5])

    with pytest.raises(ArtifactError):
        find_start(tmp_path, [])


def test_an_artifact_has_learned_from_its_own_trials_and_from_those_of_the_one_it_went_on_from(
    tmp_path: Path,
):
    write_part(tmp_path, "noticeability", gone_on("mine"))
    before = SHIPPED.card["training"]["observers"][0]["data_sha256"]

    assert has_learned(tmp_path, "of mine")
    assert has_learned(tmp_path, before)
    assert has_learned(None, before)
    assert not has_learned(None, "of mine")


def test_the_card_says_of_each_observer_what_it_answered():
    reference = Image(np.zeros((2, 2, 3), np.uint8))
    pairs = pair_set(
        [Pair(reference, reference, photo, 0, 0.0) for photo in ("a", "b", "a")],
        np.zeros((3, len(FAMILIES))),
        np.zeros(3),
    )
    profile = default_profile("mine")

    (entry,) = describe_lessons([LessonTogether(pairs, profile)])

    assert (entry["model"], entry["pairs"], entry["photographs"]) == ("mine", 3, 2)
    assert entry["thresholds"]["blur"] == profile.threshold_of("blur")
    assert entry["data_sha256"] == pairs.digest()
