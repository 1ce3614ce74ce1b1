import pytest

from calibration.replies.mentions import find_mentions


def said(text: str, *, letters: bool = False) -> list[tuple[bool, str]]:
    return [(each.flag, text[each.start : each.end]) for each in find_mentions(text, wants_letter=letters)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Yes, and no.", [(True, "Yes"), (False, "no")]),
        ("_No_", [(False, "No")]),
        ("是的，不同", [(True, "是的")]),
        ("Verdict: not different.", [(False, "not different")]),
        ("They are identical twins", []),
        ("no dog, a yes-button, No. 5", []),
    ],
)
def test_words_that_could_answer_are_found_and_others_are_not(text: str, words: list[tuple[bool, str]]):
    assert said(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("B", [(False, "B")]),
        ("b)", [(False, "b")]),
        ("{'flag': 'A'}", [(True, "A")]),
        ("A dog", []),
        ("A. No", []),
        ("A. Yes", [(True, "A"), (True, "Yes")]),
    ],
)
def test_letters_are_found_where_they_were_asked_for(text: str, words: list[tuple[bool, str]]):
    assert said(text, letters=True) == words


def test_of_very_many_words_those_at_either_end_are_heard():
    found = find_mentions("yes. " * 1000, wants_letter=False)

    assert len(found) <= 200
    assert (found[0].start, found[-1].start) == (0, 4995)
