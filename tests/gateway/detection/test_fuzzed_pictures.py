"""Broken files through the whole inspection; `tests/benchmarks/fuzz_pictures.py` takes ten thousand."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calibration.image import ImageError, decode
from gateway.assembly import load_pipeline
from gateway.detection.combination import SINGLE
from gateway.pipeline import COMPRESSION_FAILED, Asked
from gateway.policy import Policies
from gateway.providers.rules import Recipient
from gateway.settings import Settings
from tests.gateway.detection.mutated_files import bombs, mutated, seeds

SEEDS = seeds()
SETTINGS = Settings(compression={"mode": "on"}, limits={"max_pixels": 4_000_000})
ASKED = Asked(Recipient("openai", "gpt-4o"), "t", Policies(SETTINGS).default)
UNREAD = ("tiff", "bmp")  # which no API's own documentation takes


@pytest.fixture(scope="module")
def pipeline():
    return load_pipeline(SETTINGS)


def taken(pipeline, data):
    """Return what became of a file; None where it is refused as unreadable, with a reason."""
    try:
        outcome = pipeline.process(data, "", ASKED)
    except ImageError as error:
        assert error.reason
        assert str(error)
        return None
    assert not outcome.verdict.failures, outcome.verdict.explanation
    assert outcome.verdict.explanation
    assert outcome.reason != COMPRESSION_FAILED
    if outcome.data != data:
        decode(outcome.data)
    return outcome


@pytest.mark.parametrize("name", SEEDS)
def test_a_whole_file_of_every_layout_is_judged_or_refused_by_its_format(pipeline, name):
    outcome = taken(pipeline, SEEDS[name])

    assert (outcome is None) == name.startswith(UNREAD)
    assert outcome is None or outcome.verdict.outcome != "unchecked"


@pytest.mark.filterwarnings("ignore::UserWarning")
@given(name=st.sampled_from(sorted(SEEDS)), number=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_broken_file_is_judged_or_refused_with_a_reason(pipeline, name, number):
    others = [data for other, data in SEEDS.items() if other.split()[0] == name.split()[0]]

    outcome = taken(pipeline, mutated(SEEDS[name], others, Random(number)))

    judged = outcome is not None and outcome.verdict.outcome != "unchecked"
    assert not judged or any(
        each.p_value is not None or each.is_attack or each.kind in SINGLE for each in outcome.verdict.evidence
    )


def test_bombs_are_judged_or_refused(pipeline):
    answers = [taken(pipeline, bomb) for bomb in bombs()]

    assert any(answer is None for answer in answers)
