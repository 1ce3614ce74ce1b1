import pytest

from gateway.detection.verdict import KINDS, Evidence
from gateway.review import words
from gateway.review.flag import MARKS


def test_every_kind_and_mark_has_words():
    assert set(words.KIND_WORDS) == set(KINDS) and set(words.MARK_WORDS) == set(MARKS)
    assert words.kind_in_words("of a later program") == "of a later program"


@pytest.mark.parametrize(
    ("bytes_", "text"), [(7, "7 bytes"), (2048, "2.0 KiB"), (5 * 2**20, "5.0 MiB"), (2**40, "1024.0 GiB")]
)
def test_sizes_are_told_as_people_read_them(bytes_: int, text: str):
    assert words.size(bytes_) == text


def test_numbers_are_short_and_none_is_a_dash():
    assert [words.number(value) for value in (0.00123, 0.5, None)] == ["0.0012", "0.5", "–"]


def test_facts_that_are_not_known_take_no_line(catch):
    names = [fact.name for fact in words.request_facts(catch(policy="").flag)]

    assert "Model" in names and "Policy" not in names


def test_a_flag_that_rules_alone_raised_has_no_p_value_to_tell(catch):
    rule = Evidence("container", 1.0, None, None, "Bytes behind the end.", is_attack=True)
    noise = Evidence("residual", -1.0, 0.16, None, "Ordinary.")
    by_rule = catch(kinds=("container",), evidence=(noise, rule), p_value=0.16).flag
    by_both = catch(kinds=("container", "residual"), evidence=(noise, rule), p_value=0.001).flag

    assert words.how_sure(by_rule) == "a rule"
    assert words.how_sure(by_both) == "p = 0.001"
