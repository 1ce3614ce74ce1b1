"""The floors of `tests/benchmarks/replies.py`, held on the halves that are in the repository."""

import json

import pytest

from tests.benchmarks.replies import CORPORA, HALVES, floors, judge, read_corpus

THERE = [half for half in HALVES if (CORPORA / f"{half}.jsonl").is_file()]
STYLES = {"terse", "prose", "markdown", "reasoning", "json", "other-order", "refusal", "mixed"}


@pytest.mark.parametrize("half", THERE)
def test_replies_are_read_right_and_never_the_wrong_way_round(half: str):
    result = judge(read_corpus(half))

    assert floors(result) == dict.fromkeys(floors(result), True), result


def test_nothing_is_read_out_of_the_unreadable_replies_seen():
    assert judge(read_corpus("seen"))["false_readings"] == 0


def test_the_corpus_has_every_style_and_as_many_of_either_answer():
    lines = (CORPORA / "seen.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    yes, no = (sum(row["flag"] is flag for row in rows) for flag in (True, False))

    assert {row["style"] for row in rows} == STYLES
    assert len({row["id"] for row in rows}) == len(rows) >= 220
    assert 0.75 < yes / no < 1.33
