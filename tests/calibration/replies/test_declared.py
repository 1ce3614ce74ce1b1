import pytest

from calibration.replies.declared import find_declared, without_fields
from calibration.replies.names import Asked


def flag_of(
    text: str, *, letters: bool = False, different: bool = True, about: str | None = None
) -> bool | None:
    found = find_declared(text, Asked(wants_letter=letters, yes_means_different=different, about=about))
    return None if found is None else found.flag


@pytest.mark.parametrize(
    "template",
    [
        "<{}>",
        "{}",
        "{}.",
        "Answer: {}",
        "**Final answer:** {}",
        "My answer is therefore {}.",
        "<answer>{}</answer>",
        "\\boxed{{{}}}",
        "$\\boxed{{\\text{{{}}}}}$",
        '{{"answer": "{}"}}',
        "The word is out. So, {}.",
        "I would say {}.",
        "Sure! {}, after a long look.",
        "Based on my analysis, {}.",
        "No people are shown. Yes-men neither.\n\n{}",
        "What the dog does is clear: {}",
    ],
)
@pytest.mark.parametrize(("word", "flag"), [("yes", True), ("no", False), ("Yes", True), ("NO", False)])
def test_an_answer_is_found_wherever_it_is_declared_and_alike_for_both(template: str, word: str, flag: bool):
    assert flag_of(template.format(word)) is flag


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("<yes> Hmm. Answer: no", False),
        ("<no> ... wait, actually, yes.", True),
        ("Yes, softer. Final answer: No", False),
        ("Answer: no. Yes, it is a harbour.", False),
        ("No, softer. Yes, there is more.", False),
        ("Yes. Hmm, I was wrong. No.", False),
        ("<yes> It could be the lens, but no, all of it is softer.", True),
        ("Short answer: no. Longer answer: yes, the light changed.", False),
        ("At first I'd say yes, but they agree. So: no.", False),
    ],
)
def test_the_stronger_declaration_counts_and_of_equals_the_last_but_for_interjections(text: str, flag: bool):
    assert flag_of(text) is flag


@pytest.mark.parametrize(
    ("text", "flag"), [("Identical: no", True), ('{"different": true}', True), ("Same? Yes.", False)]
)
def test_a_field_named_for_the_opposite_turns_its_value_round(text: str, flag: bool):
    assert flag_of(text) is flag
    assert flag_of(text, different=False) is not flag


def test_the_field_of_what_was_asked_about_counts_and_fields_at_odds_do_not():
    text = '{"blur_changed": false, "noise_changed": true}'

    assert flag_of(text, about="blur") is False
    assert flag_of(text, about="noise") is True
    assert flag_of(text) is None


@pytest.mark.parametrize(
    ("text", "flag"), [("A", True), ("b)", False), ("Option B", False), ("It is softer, so (A).", True)]
)
def test_letters_answer_only_where_they_were_asked_for(text: str, flag: bool):
    assert flag_of(text, letters=True) is flag
    assert flag_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "There is no dog.",
        "No one knows.",
        "No. 5 is red.",
        "I cannot say yes.",
        "A no-parking sign",
        "Possibly yes.",
    ],
)
def test_a_word_inside_a_sentence_is_no_answer(text: str):
    assert flag_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "**Yes**\n\n**No**",
        "<yes> On reflection <no>. I can't decide.",
        "Same dog? Yes.",
        "Sky visible: yes",
        '{"answer": null}',
        '{"image_1": {"sharp": "yes"}}',
        "The answer might be yes.",
        "- Is anything moved? No.",
    ],
)
def test_what_is_left_open_or_answers_another_question_is_no_answer(text: str):
    assert flag_of(text) is None


@pytest.mark.parametrize(("text", "differs"), [("Verdict: different.", True), ('{"result": "same"}', False)])
def test_a_label_may_be_followed_by_what_the_pair_is(text: str, differs: bool):
    assert flag_of(text) is differs
    assert flag_of(text, different=False) is not differs


def test_fields_are_no_prose():
    assert without_fields('{"identical": false}').strip("{}\n ") == ""
