from dataclasses import replace

import pytest

from gateway.detection.verdict import Evidence
from gateway.review.flag import (
    evidence_from_json,
    evidence_to_json,
    first_id_at,
    is_id,
    new_id,
    time_of,
    without_content,
)


def test_ids_sort_by_their_time_and_tell_it():
    early, late = new_id(1_700_000_000.25), new_id(1_800_000_000.5)

    assert early < late
    assert (time_of(early), time_of(late)) == (1_700_000_000.25, 1_800_000_000.5)


def test_no_id_is_made_twice():
    assert len({new_id(5.0) for _ in range(1000)}) == 1000


def test_the_first_id_of_a_moment_is_before_those_of_it_and_behind_earlier_ones():
    assert new_id(999.999) < first_id_at(1000.0) <= new_id(1000.0)


@pytest.mark.parametrize("text", ["", "short", "u" * 26, "A" * 26, "../../../../../../etc/pass"])
def test_other_texts_are_no_ids(text: str):
    assert is_id(new_id())
    assert not is_id(text)


def test_evidence_comes_back_as_it_was():
    evidence = (
        Evidence("residual", 3.5, 0.001, None, "Noise.", boxes=((0, 1, 16, 17, 0.5),)),
        Evidence("container", 1.0, None, None, "Bytes behind the end.", is_attack=True),
    )

    assert evidence_from_json(evidence_to_json(evidence)) == evidence


@pytest.mark.parametrize("text", ["{", "[1]", '[{"kind": "residual"}]', "3"])
def test_what_is_no_evidence_is_refused(text: str):
    with pytest.raises(ValueError, match=r".+"):
        evidence_from_json(text)


def test_without_content_no_word_is_left_that_may_quote_the_picture(catch):
    flag = without_content(catch().flag)

    assert flag.explanation == "" and [item.explanation for item in flag.evidence] == [""]
    assert replace(flag, explanation="", evidence=()) == replace(
        catch().flag, id=flag.id, explanation="", evidence=()
    )
