import json
from dataclasses import replace
from pathlib import Path

import pytest

from calibration.critic.agreement import Measured
from calibration.critic.beside import (
    ModelPoint,
    fineness,
    own_point,
    read_point,
    relate,
    shared_distortions,
)
from calibration.critic.findings import find
from calibration.critic.record import as_record
from calibration.directory import DirectoryError
from calibration.published import published_profile
from calibration.published_table import HUMAN_LEVELS


def point(name: str, multiple: float, srcc: float | None) -> ModelPoint:
    measured = None if srcc is None else Measured(srcc, srcc - 0.05, srcc + 0.05)
    return ModelPoint(name, measured, {"blur": multiple, "noise": multiple}, (), "measured", "d")


def test_fineness_is_the_geometric_mean_over_the_distortions_all_models_have():
    one = replace(point("a", 1, 0.5), multiples={"blur": 2.0, "noise": 8.0, "jpeg": 100.0})
    other = point("b", 1, 0.5)

    shared = shared_distortions([one, other, replace(other, multiples={})])

    assert shared == ("blur", "noise")
    assert fineness(one, shared) == pytest.approx(4)
    assert fineness(one, ("mask",)) is None
    assert fineness(one, ()) is None


def test_finer_models_that_judge_better_correlate_below_zero_with_an_exact_p_value():
    points = [point(f"m{at}", 1.0 + at, 0.9 - 0.1 * at) for at in range(5)]

    found = relate(points)

    assert found.correlation == pytest.approx(-1)
    assert found.p_value == pytest.approx(2 / 120)


def test_few_models_tell_nothing():
    found = relate([point("a", 1, 0.9), point("b", 2, 0.8), point("c", 3, None)])

    assert found.correlation is None
    assert found.reason == "2 models with both a JND and an SRCC: expected 4 or more to tell"


def test_many_models_without_a_relation_have_a_large_p_value():
    heights = [0.5, 0.7, 0.4, 0.8, 0.6, 0.65, 0.55, 0.72, 0.48, 0.61]
    found = relate([point(f"m{at}", 1.0 + at, each) for at, each in enumerate(heights)])

    assert found.p_value is not None and found.p_value > 0.3


def test_the_point_of_a_model_is_read_back_from_what_was_written(tmp_path: Path):
    findings = find([], model="GPT-4o", answers_by="samples", pictures=["a.png"], anchors=[], scores=None)
    mine = own_point(findings, published_profile("GPT-4o"))
    record = as_record(findings, mine, relate([mine]))
    record["agreement"] = {"quality": {"srcc": {"value": 0.5, "low": None, "high": None}}}
    (tmp_path / "critic.json").write_text(json.dumps(record))

    found = read_point(tmp_path)

    assert found.srcc == Measured(0.5, None, None)
    assert found.multiples == pytest.approx(mine.multiples, abs=1e-3)
    assert found.multiples["blur"] == pytest.approx(1.25 / HUMAN_LEVELS["blur"], rel=0.01)
    assert (found.model, found.source) == ("GPT-4o", "published-prior")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"agreement": {}, "jnd": {}}'])
def test_a_folder_without_findings_is_told(tmp_path: Path, text: str):
    (tmp_path / "critic.json").write_text(text)

    with pytest.raises(DirectoryError, match="expected a folder that `critic` wrote"):
        read_point(tmp_path)
