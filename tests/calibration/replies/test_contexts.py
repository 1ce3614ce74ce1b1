import pytest

from calibration.replies.contexts import context_of
from calibration.replies.mentions import find_mentions
from calibration.replies.names import Asked

ASKED = Asked(wants_letter=False, yes_means_different=True, about=None)


def last_context(text: str):
    return context_of(text, find_mentions(text, wants_letter=False)[-1], ASKED)


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("It is softer. <{}>", "final"),
        ("It is softer.\\nAnswer: {}", "final"),
        ("It is softer.\n**{}**", "final"),
        ("| Answer | Why |\n|---|---|\n| {} | softer |", "final"),
        ("Sure! Let me look. {}, indeed.", "opening"),
        ("It is softer, so {}.", "concluding"),
        ("Something moved. Are they different? {}.", "concluding"),
        ("It is softer. Noticeable difference: {}", "field"),
        ("The sky is grey. {}, there are clouds.", "interjection"),
    ],
)
@pytest.mark.parametrize("word", ["yes", "no"])
def test_what_stands_before_a_word_tells_its_strength(text: str, strength: str, word: str):
    found = last_context(text.format(word))

    assert found is not None
    assert found.strength == strength


@pytest.mark.parametrize(
    "text", ["Same dog? {}.", "Sky visible: {}", "I would not say {}.", "My first answer: {}"]
)
@pytest.mark.parametrize("word", ["yes", "no"])
def test_a_word_that_answers_something_else_has_no_context(text: str, word: str):
    assert last_context(text.format(word)) is None


def test_a_tag_that_closes_is_no_label():
    found = last_context("<flag>no</flag> Yes, there is a boat.")

    assert found is not None
    assert found.strength == "interjection"
