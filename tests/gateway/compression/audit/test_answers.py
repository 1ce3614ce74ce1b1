import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.compression.audit.answers import Answer, Standing, normalised, say_the_same, standing

YES, NO = Answer("Yes"), Answer("No")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Yes.", "yes"),
        (" The  total is\n$1,000.50! ", "the total is $1000.5"),
        ("**42**", "42.0"),
        ("don't know", "dont know"),
        ("007", "7"),
        ("-0", "0"),
        ("A: left", "a left"),
        ("４２", "42"),
    ],
)
def test_answers_that_differ_in_spelling_alone_are_one(one: str, other: str):
    assert say_the_same(Answer(one), Answer(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("yes", "no"),
        ("3.5", "35"),
        ("-5", "5"),
        ("5%", "5"),
        ("1,000", "1,001"),
        ("1.10", "1.01"),
        ("ab", "a b"),
    ],
)
def test_answers_of_another_meaning_stay_apart(one: str, other: str):
    assert not say_the_same(Answer(one), Answer(other))


def test_numbers_longer_than_a_float_holds_are_still_told_apart():
    assert not say_the_same(Answer("1" * 40 + "1"), Answer("1" * 40 + "2"))


@given(st.text())
def test_white_space_and_a_second_reading_change_nothing(text: str):
    once = normalised(text)

    assert normalised(f"\n {text}\t") == once
    assert "  " not in once and once == once.strip()


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_a_number_counts_by_its_value_however_it_is_written(number: object):
    assert normalised(f"{number:,}") == normalised(f"{number:f}") == normalised(f"{number:f}000")


@pytest.mark.parametrize(
    ("original", "lightened", "again", "expected"),
    [
        (YES, YES, None, Standing(is_changed=False, is_noise=False)),
        (YES, NO, YES, Standing(is_changed=True, is_noise=False)),
        (YES, NO, NO, Standing(is_changed=False, is_noise=True)),
        (YES, NO, Answer("maybe"), Standing(is_changed=False, is_noise=False)),
    ],
)
def test_the_answer_that_stands_alone_against_two_is_found(
    original: Answer, lightened: Answer, again: Answer | None, expected: Standing
):
    assert standing(original, lightened, again) == expected


def test_a_difference_without_a_third_answer_settles_nothing():
    with pytest.raises(ValueError, match="second answer"):
        standing(YES, NO, None)


def test_an_answer_is_confident_by_the_margin_of_its_least_sure_token():
    assert [Answer("a", margin).is_confident for margin in (None, 0.2, 0.21)] == [None, False, True]
