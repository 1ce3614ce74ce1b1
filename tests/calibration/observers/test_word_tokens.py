import math

import pytest

from calibration.observers.word_tokens import spelled_word, spelling_tokens, word_masses

LEVELS = ("excellent", "good", "fair", "poor", "bad")


@pytest.mark.parametrize(
    ("token", "word"),
    [
        ("good", "good"),
        (" Good", "good"),
        ("▁good", "good"),
        ("Ġgood", "good"),
        ("**GOOD", "good"),
        ("exc", "excellent"),
        ("ex", "excellent"),
        ("g", None),
        ("goods", None),
        ("", None),
        ("different", None),
    ],
)
def test_a_token_spells_a_word_or_its_first_piece(token: str, word: str | None):
    assert spelled_word(token, LEVELS) == word


def test_a_piece_that_begins_two_words_spells_none():
    assert spelled_word("ph", ("photo", "phone")) is None
    assert spelled_word("phot", ("photo", "phone")) == "photo"


def test_masses_of_all_spellings_are_summed():
    alternatives = {" good": math.log(0.3), "Good": math.log(0.2), "ba": math.log(0.1), "The": math.log(0.4)}

    assert word_masses(alternatives, LEVELS) == pytest.approx({"good": 0.5, "bad": 0.1})


def test_entries_of_a_vocabulary_that_spell_words_are_found():
    vocabulary = {"good": 3, "Ġgood": 1, "goodness": 2, "ex": 7, "cat": 9}

    assert spelling_tokens(LEVELS, vocabulary.items()) == (1, 3, 7)
