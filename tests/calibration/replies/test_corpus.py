"""The floors of `tests/benchmarks/replies.py`, held on the sets that the reader was developed on."""

import json

import pytest

from tests.benchmarks.replies import CORPORA, DEVELOPMENT, floors, judge, read_corpus

STYLES = {"terse", "prose", "markdown", "reasoning", "json", "other-order", "refusal", "mixed"}


@pytest.mark.parametrize("name", DEVELOPMENT)
def test_replies_are_read_right_and_never_the_wrong_way_round(name: str):
    result = judge(read_corpus(name))

    assert floors(result) == dict.fromkeys(floors(result), True), result


def test_nothing_is_read_out_of_the_unreadable_replies_seen():
    assert judge(read_corpus("seen"))["false_readings"] == 0


def test_of_the_unreadable_replies_held_out_only_flags_at_odds_with_what_follows_are_read():
    """To leave out flags that an analysis denies would lose more of one answer than of the other."""
    read = {case.id for case in read_corpus("held_out") if case.flag is None and case.read is not None}

    assert read == {"h004", "h027", "h054", "h057"}


def test_the_corpus_has_every_style_and_as_many_of_either_answer():
    lines = (CORPORA / "seen.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    yes, no = (sum(row["flag"] is flag for row in rows) for flag in (True, False))

    assert {row["style"] for row in rows} == STYLES
    assert len({row["id"] for row in rows}) == len(rows) >= 220
    assert 0.75 < yes / no < 1.33
