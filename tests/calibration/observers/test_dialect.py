import pytest

from calibration.observers.dialect import billed_with, count, count_within, placeholder
from calibration.observers.protocol import Reply


def test_attempts_that_were_lost_are_paid_for_too():
    lost, kept = Reply("", tokens_in=5, tokens_out=100, tokens_thought=100), Reply("<yes>", tokens_in=5)

    assert billed_with(kept, lost) == Reply("<yes>", tokens_in=10, tokens_out=100, tokens_thought=100)
    assert billed_with(kept, Reply("")) == kept


@pytest.mark.parametrize("usage", [None, [], {"a": "3"}, {"a": True}, {"a": -1}, {"b": 1}])
def test_a_count_that_is_not_told_is_none(usage: object):
    assert count(usage, "a") is None
    assert count_within({"group": usage}, "group", "a") is None
    assert count_within(usage, "group", "a") is None


def test_a_reason_that_says_nothing_leaves_no_note():
    assert [placeholder(reason) for reason in ("SAFETY", "stop", "STOP", "", None, 3)] == [
        "[empty: SAFETY]",
        "",
        "",
        "",
        "",
        "",
    ]
