import pytest

from gateway.detection.verdict import KINDS
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
