import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.observers.flags import TokenChoice, affirmative_probability, flag_words, spelling
from calibration.questions import DIRECT_PROMPT, IDENTICAL_PROMPT, IMPLICIT_PROMPT, MULTIPLE_CHOICE_PROMPT

LETTERED = MULTIPLE_CHOICE_PROMPT.format(distortion="blur")


def choice(token: str, **others: float) -> TokenChoice:
    return TokenChoice(token, {word: math.log(p) for word, p in others.items()})


@pytest.mark.parametrize("token", ["yes", " Yes", "YES", "<yes", "<yes>", "Ġyes", "▁Yes", "yes.", "**yes"])
def test_yes_is_known_however_it_is_spelled(token: str):
    assert flag_words(IMPLICIT_PROMPT).meaning(token) is True


@pytest.mark.parametrize("token", ["not", "none", "yesterday", "<", "", "A", "y", "es", "nope"])
def test_what_is_no_flag_is_none(token: str):
    assert flag_words(IMPLICIT_PROMPT).meaning(token) is None


@pytest.mark.parametrize(
    ("prompt", "token", "meaning"),
    [
        (LETTERED, "A", True),
        (LETTERED, " B)", False),
        (LETTERED, "a", None),
        (LETTERED, "Yes", True),
        (IDENTICAL_PROMPT, "A", None),
        (DIRECT_PROMPT, "B", None),
    ],
)
def test_letters_are_flags_only_where_they_were_asked_for(prompt: str, token: str, meaning: bool | None):
    assert flag_words(prompt).meaning(token) is meaning


@settings(deadline=None)
@given(st.floats(1e-6, 0.5), st.floats(1e-6, 0.5))
def test_the_probability_is_the_share_of_yes_and_swaps_with_it(yes: float, no: float):
    probability = affirmative_probability([choice("No", Yes=yes, No=no)], IMPLICIT_PROMPT)
    swapped = affirmative_probability([choice("No", Yes=no, No=yes)], IMPLICIT_PROMPT)

    assert probability == pytest.approx(yes / (yes + no))
    assert swapped == pytest.approx(1 - probability)


def test_spellings_are_added_up():
    tokens = [choice("<"), TokenChoice("yes", {w: math.log(0.2) for w in ("yes", "Yes", " YES", "no")})]

    assert affirmative_probability([*tokens, choice("> B.")], IMPLICIT_PROMPT) == pytest.approx(0.75)


@pytest.mark.parametrize(
    "words", [["There", " is", " no", " doubt"], ["No", " one", " knows"], ["Normal"], []]
)
def test_a_no_that_is_part_of_a_sentence_is_no_flag(words: list[str]):
    assert affirmative_probability([choice(word, no=0.5, yes=0.5) for word in words], IMPLICIT_PROMPT) is None


def test_a_flag_after_its_analysis_is_found():
    words = ["They", " differ", ".", " <", "yes", ">"]

    assert affirmative_probability(
        [choice(w, yes=0.9, no=0.1) for w in words], IMPLICIT_PROMPT
    ) == pytest.approx(0.9)


def test_a_reply_that_names_both_flags_has_no_probability():
    words = ["<", "yes", ">", " or", " <", "no", ">"]

    assert affirmative_probability([choice(w, yes=0.9, no=0.1) for w in words], IMPLICIT_PROMPT) is None


VOCABULARY = {
    "<s>": 0,
    "yes": 1,
    "Ġyes": 2,
    "No": 3,
    "▁no": 4,
    "A": 5,
    "ĠA": 6,
    "a": 7,
    "B": 8,
    "now": 9,
    "Ġ<": 10,
}


def test_the_entries_of_a_vocabulary_that_spell_a_flag_are_gathered():
    words = spelling(flag_words(IMPLICIT_PROMPT), VOCABULARY.items())
    letters = spelling(flag_words(LETTERED), VOCABULARY.items())

    assert (words.yes, words.no, words.signs) == ((1, 2), (3, 4), {10})
    assert (letters.yes, letters.no) == ((1, 2, 5, 6), (3, 4, 8))


@pytest.mark.parametrize(
    ("tokens", "place"),
    [([1, 9], 0), ([10, 3], 1), ([9, 1], None), ([10], None), ([10, 10, 2], 2), ([], None)],
)
def test_a_flag_may_come_after_signs_but_not_after_words(tokens: list[int], place: int | None):
    assert spelling(flag_words(IMPLICIT_PROMPT), VOCABULARY.items()).place(tokens) == place


def test_the_token_is_that_of_the_last_declared_answer():
    words = ["<", "no", ">", " Wait", ",", " actually", ",", " yes", "."]
    tokens = [
        choice(word, yes=0.9, no=0.1) if word.strip() == "yes" else choice(word, yes=0.2, no=0.8)
        for word in words
    ]

    assert affirmative_probability(tokens, IMPLICIT_PROMPT) == pytest.approx(0.9)


def test_a_flag_within_reasoning_is_not_the_answers():
    words = ["<think>", "No", ".", "</think>", "Yes", "."]
    tokens = [
        choice(word, yes=0.7, no=0.3) if word == "Yes" else choice(word, yes=0.1, no=0.9) for word in words
    ]

    assert affirmative_probability(tokens, IMPLICIT_PROMPT) == pytest.approx(0.7)


@pytest.mark.parametrize("words", [["<think>", "Yes", "."], ['{"', "identical", '":"', "no", '"}']])
def test_without_a_token_that_is_the_answer_there_is_no_probability(words: list[str]):
    assert affirmative_probability([choice(word, yes=0.5, no=0.5) for word in words], IMPLICIT_PROMPT) is None
